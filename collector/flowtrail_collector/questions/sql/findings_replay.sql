-- replay: records handed again after the position moved back by seek or reset, as ranges. An explanation, not a fault.
-- empty unless: EXISTS (SELECT 1 FROM again)
WITH islands AS (
    SELECT *, "offset" - dense_rank() OVER (PARTITION BY grp, log, move_ref ORDER BY "offset") AS island FROM replayed
)
SELECT
    'replay' AS kind,
    'info'   AS severity,
    min(move_reason) AS reason,
    min(system) AS system, min(destination) AS destination, min("partition") AS "partition",
    list_sort(list_distinct(list("offset"))) AS offsets, grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    list_sort(list_distinct(list(message_id) FILTER (WHERE message_id IS NOT NULL))) AS message_ids,
    count(*) AS count,
    min(before_ns) AS first_ns, max(handed_ns) AS last_ns,
    max(grade) AS grade,
    list_sort(list_distinct(list_concat([move_ref], list(handed_ref)))) AS evidence,
    grp || ' was handed ' || CASE WHEN min("offset") = max("offset") THEN 'offset ' || min("offset")
        ELSE 'offsets ' || min("offset") || ' to ' || max("offset") END || ' again, as asked: its position was moved back to '
        || min(move_position) || ' by a ' || min(move_reason) AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM islands
GROUP BY grp, log, move_ref, island
