-- schema-change: the schema id, the content type or the event version of a destination changed. Each is judged by itself,
-- within each partition by offset, and among records of one event type: where types have a schema each, they alternate and
-- nothing changed. A record of which two different ones are told (by its send and by a processing) tells nothing, and so
-- does one of which none is told.
--
-- error  the two interleave after the change: the old one came back behind the first of the new, and the new one after
--        that. Two versions are written at once. Needs the event type: without it two types would look the same
-- info   it changed
--
-- It names the first record of the new one, and the one with which the old came back.
-- empty unless: EXISTS (SELECT 1 FROM placed WHERE schema_id IS NOT NULL OR content_type IS NOT NULL OR event_version IS NOT NULL)
WITH spoken AS (
    SELECT acked_log AS log, "offset", schema_id, content_type, event_version, ref, start_ns, number
    FROM publications
    WHERE outcome = 'acked' AND "offset" IS NOT NULL
    UNION ALL
    SELECT log, "offset", schema_id, content_type, event_version, ref, start_ns, number
    FROM placed
    WHERE operation = 'process' AND log IS NOT NULL AND "offset" IS NOT NULL
),
told AS (
    SELECT 'schema id' AS what, log, "offset", schema_id AS value, ref, start_ns, number
    FROM spoken WHERE schema_id IS NOT NULL
    UNION ALL
    SELECT 'content type', log, "offset", content_type, ref, start_ns, number FROM spoken WHERE content_type IS NOT NULL
    UNION ALL
    SELECT 'event version', log, "offset", event_version, ref, start_ns, number FROM spoken WHERE event_version IS NOT NULL
),
shapes AS (
    SELECT t.what, r.log, r."offset", r.system, r.destination, r."partition", r.event, r.message_id, r.event_type,
        min(t.value) AS value, min(t.ref) AS ref, min(t.start_ns) AS ns, bool_and(t.number IS NOT NULL) AS ours
    FROM told AS t
    JOIN records AS r ON r.log = t.log AND r."offset" = t."offset" AND NOT r.conflict
    GROUP BY t.what, r.log, r."offset", r.system, r.destination, r."partition", r.event, r.message_id, r.event_type
    HAVING min(t.value) = max(t.value)
),
stepped AS (
    SELECT *,
        lag(value) OVER w    AS before,
        lag(ref) OVER w      AS before_ref,
        min("offset") OVER v AS first_at,
        max("offset") OVER v AS last_at
    FROM shapes
    WINDOW w AS (PARTITION BY what, log, event_type ORDER BY "offset"), v AS (PARTITION BY what, log, event_type, value)
),
changes AS (
    SELECT * FROM stepped WHERE "offset" = first_at AND before IS NOT NULL
),
returned AS (
    SELECT c.what, c.log, c.event_type, c.value, min(s."offset") AS "offset"
    FROM changes AS c
    JOIN stepped AS s ON s.what = c.what AND s.log = c.log AND s.event_type = c.event_type AND s.value = c.before
        AND s."offset" > c.first_at AND s."offset" < c.last_at
    GROUP BY c.what, c.log, c.event_type, c.value
)
SELECT
    'schema-change' AS kind,
    CASE WHEN b."offset" IS NULL THEN 'info' ELSE 'error' END AS severity,
    c.what AS reason,
    c.system, c.destination, c."partition",
    CASE WHEN b."offset" IS NULL THEN [c."offset"] ELSE [c."offset", b."offset"] END AS offsets,
    CAST(NULL AS VARCHAR) AS "group", CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    list_sort(list_filter([c.message_id, b.message_id], lambda x: x IS NOT NULL)) AS message_ids,
    1 AS count,
    c.ns AS first_ns, coalesce(greatest(e.ns, c.ns), c.ns) AS last_ns,
    CASE WHEN c.event_type IS NULL THEN 'C' WHEN c.ours THEN 'A' ELSE 'B' END AS grade,
    list_sort(list_filter([c.before_ref, c.ref, b.ref, e.ref], lambda x: x IS NOT NULL)) AS evidence,
    'the ' || c.what || ' of ' || c.destination || ':' || c."partition"
        || CASE WHEN c.event_type IS NULL THEN '' ELSE ' (' || c.event_type || ')' END || ' changed from '
        || c.before || ' to ' || c.value || ' at offset ' || c."offset"
        || CASE WHEN b."offset" IS NULL THEN ''
                ELSE ', and ' || c.before || ' came back at offset ' || b."offset" || ': both are written at once' END
        AS summary,
    c.event
FROM changes AS c
LEFT JOIN returned AS k ON k.what = c.what AND k.log = c.log AND k.event_type = c.event_type AND k.value = c.value
LEFT JOIN stepped AS b ON b.what = k.what AND b.log = k.log AND b."offset" = k."offset"
LEFT JOIN stepped AS e ON k.log IS NOT NULL AND e.what = c.what AND e.log = c.log AND e."offset" = c.last_at
