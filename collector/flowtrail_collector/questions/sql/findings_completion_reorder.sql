-- completion-reorder: within one member and partition, processing of a record ended before processing of one handed out
-- earlier (first completed attempts): concurrent handling. The one that ended late is named. error for one key, info
-- otherwise.
-- empty unless: EXISTS (SELECT 1 FROM (SELECT "offset" < max("offset") OVER (PARTITION BY grp, log, who ORDER BY handed_end_ord, "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS back FROM turns) AS t WHERE back) OR EXISTS (SELECT 1 FROM (SELECT "offset" < max("offset") OVER (PARTITION BY grp, log, who ORDER BY first_end_ord, "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS back FROM turns) AS t WHERE back)
WITH late AS (
    SELECT o.*
    FROM order_completion AS o
    WHERE o.reordered
),
overtaken AS (
    SELECT l.grp, l.log, l.who, l.s, arg_min(o."offset", o.first_end_ord) AS overtaker,
        arg_min(o.process_refs[1], o.first_end_ord) AS overtaker_ref,
        min(o.first_end_ns) AS overtaker_ns
    FROM late AS l
    JOIN order_completion AS o ON o.grp = l.grp AND o.log = l.log AND o.who = l.who AND o.seq = l.seq
        AND o.s > l.s AND o.first_end_ord < l.first_end_ord
        AND (NOT l.one_key OR o.event_key = l.event_key)
    GROUP BY l.grp, l.log, l.who, l.s
)
SELECT
    'completion-reorder' AS kind,
    CASE WHEN l.one_key THEN 'error' ELSE 'info' END AS severity,
    CASE WHEN l.one_key THEN 'one key' ELSE 'across keys' END AS reason,
    l.system, l.destination, l."partition", [l."offset"] AS offsets, l.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, l.instance,
    CASE WHEN r.message_id IS NULL THEN [] ELSE [r.message_id] END AS message_ids,
    1 AS count, t.overtaker_ns AS first_ns, l.first_end_ns AS last_ns, 'A' AS grade,
    list_sort(list_distinct(list_concat(l.process_refs, [t.overtaker_ref]))) AS evidence,
    l.grp || ' finished offset ' || t.overtaker || ' of ' || l.destination || ':' || l."partition" || ' before offset '
        || l."offset" || CASE WHEN l.one_key THEN ', and both bear one key' ELSE '' END
        || ': it handles records concurrently' AS summary,
    r.event
FROM late AS l
JOIN overtaken AS t ON t.grp = l.grp AND t.log = l.log AND t.who = l.who AND t.s = l.s
JOIN records AS r ON r.log = l.log AND r."offset" = l."offset"
WHERE NOT EXISTS (SELECT 1 FROM hidden AS h WHERE h.grp = l.grp AND h.log = l.log AND h."offset" = l."offset")
