-- around_schemas: what tells how the schema ids of these partitions ($1 destination, $2 partition) changed, by event
-- type: the first and the last record of each, the one before its first, and the first behind it with the schema of that.
WITH shapes AS (
    SELECT e.rowid AS span, e.destination, e."partition", e."offset", e.schema_id,
        coalesce(e.event_type, max(e.event_type) OVER (PARTITION BY e.destination, e."partition", e."offset")) AS event_type
    FROM span_rows AS e
    JOIN (SELECT DISTINCT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition") AS a
        ON a.destination = e.destination AND a."partition" = e."partition"
    WHERE e.schema_id IS NOT NULL AND e."offset" IS NOT NULL AND e.operation IN ('send', 'process')
),
stepped AS (
    SELECT *, lag(schema_id) OVER w AS before, lag(span) OVER w AS before_span,
        min("offset") OVER v AS first_at, max("offset") OVER v AS last_at
    FROM shapes
    WINDOW w AS (PARTITION BY destination, "partition", event_type ORDER BY "offset", schema_id, span),
        v AS (PARTITION BY destination, "partition", event_type, schema_id)
),
changes AS (
    SELECT *
    FROM stepped
    WHERE "offset" = first_at AND before <> schema_id
)
SELECT span FROM stepped WHERE "offset" IN (first_at, last_at)
UNION
SELECT before_span FROM changes
UNION
SELECT arg_min(s.span, s."offset")
FROM changes AS c
JOIN stepped AS s ON s.destination = c.destination AND s."partition" = c."partition"
    AND s.event_type IS NOT DISTINCT FROM c.event_type AND s.schema_id = c.before AND s."offset" > c."offset"
GROUP BY c.destination, c."partition", c.event_type, c.schema_id
