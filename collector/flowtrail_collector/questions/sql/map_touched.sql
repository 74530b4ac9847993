-- map_touched: the lowest offset of each partition that was processed in the window: what was sent or processed first
-- before it may stand as low.
SELECT destination, "partition", min("offset") AS low
FROM latency_seen
WHERE operation = 'process' AND "offset" IS NOT NULL AND start_ns BETWEEN $since AND $until
GROUP BY destination, "partition"
