-- around_schemas: what tells how the schema ids, content types and event versions of these partitions ($1 destination,
-- $2 partition) changed, by event type: the first and the last record of each, the one before its first, and the first
-- behind it with what that one has. All that tells of such a record is given.
WITH spoken AS (
    SELECT e.rowid AS span, e.destination, e."partition", e."offset", e.schema_id, e.content_type, e.event_version,
        min(e.event_type) OVER (PARTITION BY e.destination, e."partition", e."offset") AS event_type
    FROM span_rows AS e
    JOIN (SELECT DISTINCT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition") AS a
        ON a.destination = e.destination AND a."partition" = e."partition"
    WHERE e."offset" IS NOT NULL AND e.operation IN ('send', 'process')
        AND (e.schema_id IS NOT NULL OR e.content_type IS NOT NULL OR e.event_version IS NOT NULL)
),
told AS (
    SELECT 'schema id' AS what, destination, "partition", "offset", event_type, schema_id AS value, span
    FROM spoken WHERE schema_id IS NOT NULL
    UNION ALL
    SELECT 'content type', destination, "partition", "offset", event_type, content_type, span
    FROM spoken WHERE content_type IS NOT NULL
    UNION ALL
    SELECT 'event version', destination, "partition", "offset", event_type, event_version, span
    FROM spoken WHERE event_version IS NOT NULL
),
shapes AS (
    SELECT what, destination, "partition", "offset", event_type, min(value) AS value
    FROM told
    GROUP BY what, destination, "partition", "offset", event_type
    HAVING min(value) = max(value)
),
stepped AS (
    SELECT *, lag(value) OVER w AS before, lag("offset") OVER w AS before_at,
        min("offset") OVER v AS first_at, max("offset") OVER v AS last_at
    FROM shapes
    WINDOW w AS (PARTITION BY what, destination, "partition", event_type ORDER BY "offset"),
        v AS (PARTITION BY what, destination, "partition", event_type, value)
),
changes AS (
    SELECT *
    FROM stepped
    WHERE "offset" = first_at AND before <> value
),
wanted AS (
    SELECT what, destination, "partition", "offset" FROM stepped WHERE "offset" IN (first_at, last_at)
    UNION
    SELECT what, destination, "partition", before_at FROM changes
    UNION
    SELECT c.what, c.destination, c."partition", min(s."offset")
    FROM changes AS c
    JOIN stepped AS s ON s.what = c.what AND s.destination = c.destination AND s."partition" = c."partition"
        AND s.event_type IS NOT DISTINCT FROM c.event_type AND s.value = c.before AND s."offset" > c."offset"
    GROUP BY c.what, c.destination, c."partition", c.event_type, c.value
)
SELECT DISTINCT t.span
FROM told AS t
JOIN wanted AS w ON w.what = t.what AND w.destination = t.destination AND w."partition" = t."partition"
    AND w."offset" = t."offset"
