-- committed_positions: what the broker last said that a group has committed, and since when: the watcher writes unchanged
-- positions again from time to time, and only a change is news.
WITH changes AS (
    SELECT
        *,
        lag("position") OVER (
            PARTITION BY consumer_group, cluster_id, destination, "partition" ORDER BY at_ns
        ) AS before
    FROM broker_position_rows
)
SELECT
    consumer_group, cluster_id, destination, "partition",
    arg_max("position", at_ns) AS "position",
    max(at_ns)                 AS at_ns
FROM changes
WHERE before IS DISTINCT FROM "position"
GROUP BY consumer_group, cluster_id, destination, "partition"
