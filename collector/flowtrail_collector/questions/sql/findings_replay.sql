-- replay: records handed again after the position moved back by seek or reset, as ranges. An explanation, not a fault.
-- empty unless: EXISTS (SELECT 1 FROM again)
WITH replays AS (
    SELECT
        a.grp, a.log, a.system, a.destination, a."partition", a."offset", a.move_ref, a.move_reason, a.move_position,
        a.handed_ns, a.before_ns, a.receive_ref, a.number, a.process_refs, r.message_id,
        a."offset" - dense_rank() OVER (
            PARTITION BY a.grp, a.log, a.move_ref ORDER BY a."offset"
        ) AS island
    FROM again AS a
    LEFT JOIN records AS r ON r.log = a.log AND r."offset" = a."offset"
    WHERE a.replayed
)
SELECT
    'replay' AS kind,
    'info'   AS severity,
    CASE WHEN min(move_reason) = 'assign' THEN 'reset' ELSE min(move_reason) END AS reason,
    min(system) AS system, min(destination) AS destination, min("partition") AS "partition",
    list_sort(list_distinct(list("offset"))) AS offsets, grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    list_sort(list_distinct(list(message_id) FILTER (WHERE message_id IS NOT NULL))) AS message_ids,
    count(*) AS count,
    min(before_ns) AS first_ns, max(handed_ns) AS last_ns,
    CASE WHEN bool_and(number IS NOT NULL) THEN 'A' ELSE 'B' END AS grade,
    list_sort(list_distinct(list_concat([move_ref], list(coalesce(receive_ref, process_refs[1]))))) AS evidence,
    grp || ' was handed ' || CASE WHEN min("offset") = max("offset") THEN 'offset ' || min("offset")
        ELSE 'offsets ' || min("offset") || ' to ' || max("offset") END || ' again, as asked: its position was moved back to '
        || min(move_position) || CASE min(move_reason) WHEN 'seek' THEN ' by a seek' ELSE ' by a reset' END AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM replays
GROUP BY grp, log, move_ref, island
