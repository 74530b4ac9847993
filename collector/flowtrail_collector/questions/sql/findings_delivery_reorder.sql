-- delivery-reorder: within one member and partition, records were handed out in another order than their offsets.
-- error for one key, warning otherwise. Not given where the member is dark, or an owner that crashed may have been handed
-- what overtook or was overtaken: the first copy may be what we did not see.
-- empty unless: EXISTS (SELECT 1 FROM (SELECT "offset" < max("offset") OVER (PARTITION BY grp, log, who ORDER BY handed_end_ord, "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS back FROM turns) AS t WHERE back)
SELECT
    'delivery-reorder' AS kind,
    CASE WHEN o.one_key THEN 'error' ELSE 'warning' END AS severity,
    CASE WHEN o.one_key THEN 'one key' ELSE 'across keys' END AS reason,
    o.system, o.destination, o."partition", [o."offset"] AS offsets, o.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, o.instance,
    CASE WHEN r.message_id IS NULL THEN [] ELSE [r.message_id] END AS message_ids,
    1 AS count, o.handed_ns AS first_ns, o.handed_ns AS last_ns, 'A' AS grade,
    list_sort(list_distinct(list_concat(
        CASE WHEN o.receive_ref IS NULL THEN [] ELSE [o.receive_ref] END, coalesce(o.process_refs, [])))) AS evidence,
    o.grp || ' was handed offset ' || o."offset" || ' of ' || o.destination || ':' || o."partition"
        || ' after a later one' || CASE WHEN o.one_key THEN ' of the same key' ELSE '' END AS summary,
    r.event
FROM order_delivery AS o
JOIN records AS r ON r.log = o.log AND r."offset" = o."offset"
WHERE o.reordered
    AND NOT EXISTS (SELECT 1 FROM hidden AS h WHERE h.grp = o.grp AND h.log = o.log AND h."offset" = o."offset")
    AND NOT EXISTS (
        SELECT 1 FROM crashed AS x
        WHERE x.grp = o.grp AND x.log = o.log AND x."offset" >= o."offset" AND x."offset" <= o.furthest)
