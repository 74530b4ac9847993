-- lag_broker_ends: what the broker said of each partition, the last sample of each slice of the window (-1: before it).
-- A changed topic id is another log: what was sampled of the former one is left out.
WITH sampled AS (
    SELECT *,
        CASE WHEN at_ns < $from_ns THEN -1 ELSE least($slices - 1, (at_ns - $from_ns) // $slice_ns) END AS slice
    FROM broker_partition_rows
    WHERE at_ns <= $until_ns
),
current_ids AS (
    SELECT cluster_id, destination, arg_max(topic_id, at_ns) AS topic_id
    FROM sampled
    GROUP BY cluster_id, destination
)
SELECT s.cluster_id, s.destination, s."partition", s.slice,
    max(s.at_ns)                     AS at_ns,
    arg_max(s.log_start, s.at_ns)    AS log_start,
    arg_max(s.end_offset, s.at_ns)   AS end_offset,
    arg_max(s.stable_end, s.at_ns)   AS stable_end,
    arg_max(coalesce(s.readable_end, s.stable_end), s.at_ns) AS readable_end
FROM sampled AS s
JOIN current_ids AS c ON c.cluster_id IS NOT DISTINCT FROM s.cluster_id AND c.destination = s.destination
    AND c.topic_id IS NOT DISTINCT FROM s.topic_id
GROUP BY s.cluster_id, s.destination, s."partition", s.slice
