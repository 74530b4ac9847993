-- lag_broker_positions: the committed position of each group, as the broker told it last in each slice of the window
-- (-1: before it). `at_ns` is when this position was first seen: what was only written again is left out.
WITH told AS (
    SELECT *,
        lag("position") OVER w AS former,
        row_number() OVER w    AS place
    FROM broker_position_rows
    WHERE at_ns <= $until_ns
    WINDOW w AS (PARTITION BY cluster_id, consumer_group, destination, "partition" ORDER BY at_ns)
)
SELECT cluster_id, destination, "partition", consumer_group AS grp,
    CASE WHEN at_ns < $from_ns THEN -1 ELSE least($slices - 1, (at_ns - $from_ns) // $slice_ns) END AS slice,
    max(at_ns)                    AS at_ns,
    CASE WHEN arg_max("position" IS NOT NULL, at_ns) THEN arg_max("position", at_ns) END AS "position",
    bool_or("position" IS NOT NULL) AS held
FROM told
WHERE place = 1 OR "position" IS DISTINCT FROM former
GROUP BY ALL
