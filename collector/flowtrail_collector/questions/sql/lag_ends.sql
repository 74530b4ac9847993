-- lag_ends: from where and how far acked records reach, per partition and slice of the window (-1: before it).
SELECT system, cluster_id, destination, "partition",
    CASE WHEN end_ns < $from_ns THEN -1 ELSE least($slices - 1, (end_ns - $from_ns) // $slice_ns) END AS slice,
    min("offset")     AS lowest,
    max("offset") + 1 AS reach,
    min(end_ns)       AS first_ns,
    max(end_ns)       AS at_ns
FROM lag_sends
GROUP BY ALL
