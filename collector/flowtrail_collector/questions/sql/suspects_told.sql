-- suspects_told: spans that tell of trouble themselves. A send that was not plainly acked, a processing that failed, and
-- whatever copies a record. (Each by itself: where no span has such a value, the engine passes them over unread.)
SELECT message_id, trace_id, destination, "partition", "offset", origin_destination, origin_partition, origin_offset
FROM looked
WHERE operation IN ('send', 'create') AND publish_outcome IN ('failed', 'in-doubt')
UNION ALL
SELECT message_id, trace_id, destination, "partition", "offset", origin_destination, origin_partition, origin_offset
FROM looked
WHERE operation IN ('send', 'create') AND publish_outcome IS NULL AND number IS NOT NULL
UNION ALL
SELECT message_id, trace_id, destination, "partition", "offset", origin_destination, origin_partition, origin_offset
FROM looked
WHERE operation IN ('send', 'create', 'process') AND status = 2
UNION ALL
SELECT message_id, trace_id, destination, "partition", "offset", origin_destination, origin_partition, origin_offset
FROM looked
WHERE operation IN ('send', 'create', 'process') AND origin_destination IS NOT NULL
