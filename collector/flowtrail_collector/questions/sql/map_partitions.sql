-- map_partitions: how many partitions of each destination were spoken of in the window, or the broker knows.
SELECT system, destination, count(DISTINCT "partition") AS partitions
FROM (
    SELECT system, destination, "partition"
    FROM latency_seen
    WHERE destination IS NOT NULL AND "partition" IS NOT NULL AND start_ns BETWEEN $since AND $until
    GROUP BY system, destination, "partition"
    UNION ALL
    SELECT 'kafka', destination, "partition" FROM broker_partition_rows WHERE at_ns BETWEEN $since AND $until
) AS told
GROUP BY system, destination
