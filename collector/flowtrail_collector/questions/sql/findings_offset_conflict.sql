-- offset-conflict: two different events were acked at one record. A partition whose offsets start again at 0 is another
-- log (see placed), and so is another cluster.
-- empty unless: EXISTS (SELECT 1 FROM records WHERE conflict)
SELECT
    'offset-conflict' AS kind,
    'error'           AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    min(p.system) AS system, min(p.destination) AS destination, min(p."partition") AS "partition",
    [p."offset"] AS offsets, CAST(NULL AS VARCHAR) AS "group", min(p.producer) AS producer,
    CAST(NULL AS VARCHAR) AS instance,
    list_sort(list_distinct(list(p.message_id))) AS message_ids,
    count(DISTINCT p.event_id) AS count, min(p.start_ns) AS first_ns, max(p.end_ns) AS last_ns, 'A' AS grade,
    list_sort(list(p.ref)) AS evidence,
    count(DISTINCT p.event_id) || ' different events were acked at ' || min(p.destination) || ':' || min(p."partition")
        || ':' || p."offset" || ': what was written first was overwritten' AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM publications AS p
JOIN records AS r ON r.log = p.acked_log AND r."offset" = p."offset" AND r.conflict
WHERE p.outcome = 'acked'
GROUP BY p.acked_log, p."offset"
