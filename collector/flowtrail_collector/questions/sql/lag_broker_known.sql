-- lag_broker_known: since when the broker has shown something to stand at or after each wanted position, in the topic
-- that stands now. In a compacted topic only the last record is sure to have stood all the time.
WITH current_ids AS (
    SELECT cluster_id, destination, arg_max(topic_id, at_ns) AS topic_id
    FROM broker_partition_rows
    WHERE at_ns <= $until_ns
    GROUP BY cluster_id, destination
)
SELECT w.number, min(b.at_ns) AS known_ns
FROM lag_wanted AS w
JOIN broker_partition_rows AS b
    ON b.destination = w.destination AND b."partition" = w."partition"
    AND (b.cluster_id IS NULL OR w.cluster_id IS NULL OR b.cluster_id = w.cluster_id)
    AND coalesce(b.readable_end, b.stable_end) > CASE WHEN w.compacted THEN w.last_offset ELSE w."position" END
JOIN current_ids AS c ON c.cluster_id IS NOT DISTINCT FROM b.cluster_id AND c.destination = b.destination
    AND c.topic_id IS NOT DISTINCT FROM b.topic_id
WHERE b.at_ns <= $until_ns
GROUP BY w.number
