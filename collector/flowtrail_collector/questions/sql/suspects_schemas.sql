-- suspects_schemas: the first record of each schema id, content type and event version, in partitions that bore several of
-- one event type.
WITH spoken AS (
    SELECT destination, "partition", "offset", min(event_type) AS event_type,
        CASE WHEN min(schema_id) = max(schema_id) THEN min(schema_id) END             AS schema_id,
        CASE WHEN min(content_type) = max(content_type) THEN min(content_type) END    AS content_type,
        CASE WHEN min(event_version) = max(event_version) THEN min(event_version) END AS event_version
    FROM looked
    WHERE "offset" IS NOT NULL AND operation IN ('send', 'process')
    GROUP BY destination, "partition", "offset"
),
shapes AS (
    SELECT 'schema id' AS what, destination, "partition", event_type, schema_id AS value, min("offset") AS "offset"
    FROM spoken WHERE schema_id IS NOT NULL
    GROUP BY destination, "partition", event_type, schema_id
    UNION ALL
    SELECT 'content type', destination, "partition", event_type, content_type, min("offset")
    FROM spoken WHERE content_type IS NOT NULL
    GROUP BY destination, "partition", event_type, content_type
    UNION ALL
    SELECT 'event version', destination, "partition", event_type, event_version, min("offset")
    FROM spoken WHERE event_version IS NOT NULL
    GROUP BY destination, "partition", event_type, event_version
)
SELECT s.destination, s."partition", s."offset" AS low, s."offset" AS high
FROM shapes AS s
JOIN (
    SELECT what, destination, "partition", event_type
    FROM shapes
    GROUP BY what, destination, "partition", event_type
    HAVING count(*) > 1
) AS c ON c.what = s.what AND c.destination = s.destination AND c."partition" = s."partition"
    AND c.event_type IS NOT DISTINCT FROM s.event_type
