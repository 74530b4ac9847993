-- suspects_told: spans that tell of trouble themselves. A send that was not plainly acked, a processing that failed, and
-- whatever copies a record.
SELECT message_id, trace_id, destination, "partition", "offset", origin_destination, origin_partition, origin_offset
FROM looked
WHERE (operation IN ('send', 'create') AND (
        publish_outcome IN ('failed', 'in-doubt') OR (publish_outcome IS NULL AND number IS NOT NULL) OR status = 2
        OR origin_destination IS NOT NULL))
    OR (operation = 'process' AND (status = 2 OR origin_destination IS NOT NULL))
