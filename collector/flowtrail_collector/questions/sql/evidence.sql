-- evidence: the spans that a question looks at, each once. Asking for one event or one window narrows this relation
-- and nothing else: every other relation is defined over it.
--
-- Where two stored spans share their ids and differ (a faulty sender), one stands for both, the same one whatever
-- order they came in: the last to end.
SELECT
    trace_id, span_id, parent_span_id, start_ns, end_ns, status, error_type, service, instance, host, scope, number, system,
    cluster_id, operation, operation_name, destination, "partition", "offset", offset_last, offset_runs, batch_count,
    message_id, event_source, correlation_id, causation_id, event_type, message_key, consumer_group, producer_epoch,
    producer_seq, publish_outcome, publish_timeout_ms, attempt, outcome_inferred, member, generation, "position", position_reason,
    origin_destination, origin_partition, origin_offset, origin_group, payload_digest, schema_id, content_type,
    event_version, transaction_id, transaction_outcome, sampling
FROM span_rows
WHERE NOT conflicting
UNION ALL
SELECT
    trace_id, span_id, parent_span_id, start_ns, end_ns, status, error_type, service, instance, host, scope, number, system,
    cluster_id, operation, operation_name, destination, "partition", "offset", offset_last, offset_runs, batch_count,
    message_id, event_source, correlation_id, causation_id, event_type, message_key, consumer_group, producer_epoch,
    producer_seq, publish_outcome, publish_timeout_ms, attempt, outcome_inferred, member, generation, "position", position_reason,
    origin_destination, origin_partition, origin_offset, origin_group, payload_digest, schema_id, content_type,
    event_version, transaction_id, transaction_outcome, sampling
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
