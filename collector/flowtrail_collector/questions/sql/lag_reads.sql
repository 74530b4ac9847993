-- lag_reads: how far each group was handed records, per partition and slice of the window (-1: before it).
SELECT system, cluster_id, destination, "partition", consumer_group, service,
    CASE WHEN end_ns < $from_ns THEN -1 ELSE least($slices - 1, (end_ns - $from_ns) // $slice_ns) END AS slice,
    max(last_offset) + 1    AS reach,
    min(end_ns)             AS first_ns,
    max(end_ns)             AS at_ns
FROM lag_handed
GROUP BY ALL
