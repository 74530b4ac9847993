-- offset-conflict: two different events at one record: both were acked there, or one was acked and another was read. A
-- partition whose offsets start again at 0 is another log (see placed), and so is another cluster. Not given where the
-- send that would tell so, at offset 0, may hide in a hole of whoever sends there.
-- empty unless: EXISTS (SELECT 1 FROM records WHERE proven)
WITH told AS (
    SELECT p.acked_log AS log, p."offset", p.event_id, p.message_id, p.producer, p.ref, p.host, p.start_ns, p.end_ns
    FROM publications AS p
    WHERE p.outcome = 'acked' AND p."offset" IS NOT NULL
    UNION ALL
    SELECT a.log, a."offset", a.event_id, a.message_id, NULL, a.ref, a.host, a.start_ns, a.end_ns
    FROM attempts AS a
    WHERE a.number IS NOT NULL AND a.event_id IS NOT NULL
),
begun AS (
    SELECT t.log, t."offset", min(r.destination) AS destination, min(r.system) AS system,
        min(t.start_ns) AS start_ns, arg_min(t.host, t.start_ns) AS host
    FROM told AS t
    JOIN records AS r ON r.log = t.log AND r."offset" = t."offset" AND r.proven
    GROUP BY t.log, t."offset"
),
perhaps_created_again AS (
    SELECT DISTINCT g.log, g."offset"
    FROM begun AS g
    JOIN hidden_sends AS h ON h.destination = g.destination AND h.system IS NOT DISTINCT FROM g.system
    LEFT JOIN clock_bounds AS b ON b.host = g.host AND b.other = h.host
    WHERE coalesce(h.until_ns >= g.start_ns + b.least_ns, TRUE)
)
SELECT
    'offset-conflict' AS kind,
    'error'           AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    min(r.system) AS system, min(r.destination) AS destination, min(r."partition") AS "partition",
    [t."offset"] AS offsets, CAST(NULL AS VARCHAR) AS "group", min(t.producer) AS producer,
    CAST(NULL AS VARCHAR) AS instance,
    list_sort(list_distinct(list(t.message_id))) AS message_ids,
    count(DISTINCT t.event_id) AS count, min(t.start_ns) AS first_ns, max(t.end_ns) AS last_ns, 'A' AS grade,
    list_sort(list(t.ref)) AS evidence,
    count(DISTINCT t.event_id) || ' different events were told to stand at ' || min(r.destination) || ':'
        || min(r."partition") || ':' || t."offset" || ': one overwrote the other' AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM told AS t
JOIN records AS r ON r.log = t.log AND r."offset" = t."offset" AND r.proven
WHERE NOT EXISTS (
    -- The broker tells of more topics of that name than we can keep apart: the two may be of two logs.
    SELECT 1 FROM log_starts AS s
    WHERE r.system = 'kafka' AND s.destination = r.destination AND s."partition" = r."partition" AND s.topics > r.era + 1
        AND (r.cluster = '' OR s.cluster_id IS NULL OR s.cluster_id = r.cluster))
    AND NOT EXISTS (SELECT 1 FROM perhaps_created_again AS c WHERE c.log = t.log AND c."offset" = t."offset")
GROUP BY t.log, t."offset"
