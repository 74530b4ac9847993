-- log_starts: how the start of each log moved, as the broker told it: one row per change. Records below it are gone.
-- `topics`: how many topics bore this name, by their ids; of those only the last one's log is spoken of.
WITH ids AS (
    SELECT
        cluster_id, destination, "partition",
        count(DISTINCT topic_id)          AS topics,
        arg_max(topic_id, at_ns)          AS topic_id
    FROM broker_partition_rows
    GROUP BY cluster_id, destination, "partition"
),
changes AS (
    SELECT
        b.cluster_id, b.destination, b."partition", b.log_start, b.at_ns, i.topics,
        lag(b.log_start) OVER (PARTITION BY b.cluster_id, b.destination, b."partition" ORDER BY b.at_ns) AS before
    FROM broker_partition_rows AS b
    JOIN ids AS i ON i.cluster_id IS NOT DISTINCT FROM b.cluster_id AND i.destination = b.destination
        AND i."partition" = b."partition" AND i.topic_id IS NOT DISTINCT FROM b.topic_id
    WHERE b.log_start IS NOT NULL
)
SELECT cluster_id, destination, "partition", log_start, at_ns AS from_ns, topics
FROM changes
WHERE before IS DISTINCT FROM log_start
