-- lag_positions: the last position that each group held in each slice of the window (-1: before it), and the first sign.
-- In one generation a partition has one owner, whose numbers order its spans; without generations there is only time.
SELECT * EXCLUDE (place)
FROM (
    SELECT *,
        min(end_ns) OVER (
            PARTITION BY system, cluster_id, destination, "partition", consumer_group, service, slice
        ) AS first_ns,
        row_number() OVER (
            PARTITION BY system, cluster_id, destination, "partition", consumer_group, service, slice,
                generation IS NULL
            ORDER BY generation DESC, CASE WHEN generation IS NULL THEN end_ns END DESC, number DESC NULLS LAST,
                end_ns DESC, reason, "position"
        ) AS place
    FROM (
        SELECT *,
            CASE WHEN end_ns < $from_ns THEN -1 ELSE least($slices - 1, (end_ns - $from_ns) // $slice_ns) END AS slice
        FROM lag_held
    ) AS sliced
) AS ordered
WHERE place = 1
