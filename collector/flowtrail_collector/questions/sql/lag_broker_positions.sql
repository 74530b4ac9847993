-- lag_broker_positions: the committed position of each group, as the broker told it last in each slice of the window
-- (-1: before it). Rows are written when something changes, so `at_ns` is when this position was first seen.
SELECT cluster_id, destination, "partition", consumer_group AS grp,
    CASE WHEN at_ns < $from_ns THEN -1 ELSE least($slices - 1, (at_ns - $from_ns) // $slice_ns) END AS slice,
    max(at_ns)                    AS at_ns,
    arg_max("position", at_ns)    AS "position",
    bool_or("position" IS NOT NULL) AS held
FROM broker_position_rows
WHERE at_ns <= $until_ns
GROUP BY ALL
