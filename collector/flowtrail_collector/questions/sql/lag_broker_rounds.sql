-- lag_broker_rounds: the slices of the window in which the broker was asked. Each round writes one partition at least;
-- what it did not write of the others had not changed.
SELECT DISTINCT cluster_id, least($slices - 1, (at_ns - $from_ns) // $slice_ns)::INTEGER AS slice
FROM broker_partition_rows
WHERE at_ns BETWEEN $from_ns AND $until_ns
