-- suspects_schemas: the first record of each schema in partitions and event types that bore several.
WITH shapes AS (
    SELECT destination, "partition", event_type, schema_id, min("offset") AS "offset"
    FROM looked
    WHERE schema_id IS NOT NULL AND "offset" IS NOT NULL AND operation IN ('send', 'process')
    GROUP BY destination, "partition", event_type, schema_id
)
SELECT s.destination, s."partition", s."offset" AS low, s."offset" AS high
FROM shapes AS s
JOIN (
    SELECT destination, "partition" FROM shapes GROUP BY destination, "partition" HAVING count(DISTINCT schema_id) > 1
) AS c ON c.destination = s.destination AND c."partition" = s."partition"
