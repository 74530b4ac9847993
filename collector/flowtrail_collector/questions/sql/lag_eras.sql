-- lag_eras: partitions whose acked offsets started again at 0: a topic that was deleted and created again is another
-- log. Only what began at `from_ns` or later belongs to the log that stands now.
SELECT system, destination, "partition", max(from_ns) AS from_ns
FROM (
    SELECT system, destination, "partition", message_id, min(start_ns) AS from_ns
    FROM span_rows
    WHERE operation = 'send' AND "offset" = 0 AND publish_outcome = 'acked' AND message_id IS NOT NULL
        AND end_ns <= $until_ns
    GROUP BY system, destination, "partition", message_id
) AS firsts
GROUP BY system, destination, "partition"
HAVING count(*) > 1
