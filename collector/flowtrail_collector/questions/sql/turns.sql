-- turns: deliveries of records in the order of their group and partition (`gen`, `ord`), see generations. A record is
-- handed out when the poll returns: assigns, revokes and resets happen inside a poll and come before its records.
SELECT
    d.*,
    coalesce(g.by_generation, FALSE)                         AS by_generation,
    CASE WHEN g.by_generation THEN d.generation ELSE 0 END   AS gen,
    CASE WHEN g.by_generation THEN d.handed_end_ord ELSE d.handed_ns END AS ord
FROM deliveries AS d
LEFT JOIN generations AS g ON g.grp = d.grp AND g.log = d.log
WHERE d."offset" IS NOT NULL
