-- latency_seen: the spans that are looked at, each once, with the columns that times are measured by and that the map is
-- drawn from. As `evidence`, and with the digests of message ids, which are stored beside them: to compare numbers costs
-- a tenth of comparing ids.
SELECT
    trace_id, span_id, parent_span_id, start_ns, end_ns, status, service, instance, host, number, system, cluster_id,
    operation, operation_name, destination, "partition", "offset", offset_last, message_id, message_hash, event_source,
    consumer_group, publish_outcome, generation, "position", position_reason, origin_destination, origin_partition,
    origin_offset, origin_group, transaction_id, transaction_outcome, causation_id, error_type, batch_count
FROM span_rows
WHERE NOT conflicting
UNION ALL
SELECT
    trace_id, span_id, parent_span_id, start_ns, end_ns, status, service, instance, host, number, system, cluster_id,
    operation, operation_name, destination, "partition", "offset", offset_last, message_id, message_hash, event_source,
    consumer_group, publish_outcome, generation, "position", position_reason, origin_destination, origin_partition,
    origin_offset, origin_group, transaction_id, transaction_outcome, causation_id, error_type, batch_count
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY trace_id, span_id
            ORDER BY end_ns DESC, start_ns, number, operation, destination, "partition", "offset", message_id, name
        ) AS place
    FROM span_rows
    WHERE conflicting
) AS told_twice
WHERE place = 1
