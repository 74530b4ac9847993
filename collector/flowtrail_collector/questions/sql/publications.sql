-- publications: one row per send operation of one event. Public.
--
-- A send inside a send to the same destination (pika wraps publish twice) is the same operation told twice; what only
-- the inner one knows is taken over. Of a create and the send
-- inside it, the one that names the event is the operation. `outcome`: acked, failed, in-doubt, or null where the instrumentation records no
-- acks. An id that the service itself gives (SQS, SNS, Pub/Sub) is an ack. A foreign ERROR is a definite failure unless it was a timeout. A span of ours without an outcome was cut short
-- (`unfinished`): in doubt. `operation_id` names the send operation across
-- the spans that tell of it.
WITH sends AS (
    SELECT
        ref, trace_id, span_id, parent_span_id, operation, system, cluster, log, destination, "partition", "offset",
        event_id, message_id, correlation_id, causation_id, event_type, message_key, service, who, instance, host, number,
        dark, producer_epoch, producer_seq, publish_outcome, status, error_type, publish_timeout_ms, transaction_id,
        origin_destination, origin_partition, origin_offset, origin_group, payload_digest, schema_id, content_type,
        event_version, batch_count,
        start_ns, end_ns, ord_start, ord_end
    FROM placed
    WHERE operation IN ('send', 'create') AND destination IS NOT NULL
),
inner_sends AS (
    SELECT
        i.trace_id, i.parent_span_id, i.destination,
        min(i.ref)          AS inner_ref,
        max(i."offset")     AS "offset",
        max(i."partition")  AS "partition",
        min(i.event_id)     AS event_id,
        max(i.log) FILTER (WHERE i."offset" IS NOT NULL) AS log
    FROM sends AS i
    JOIN sends AS o ON o.trace_id = i.trace_id AND o.span_id = i.parent_span_id AND o.destination = i.destination
        AND (o.event_id IS NULL OR i.event_id IS NULL OR o.event_id = i.event_id)
        AND (o.operation = 'send' OR i.operation = 'create' OR i.event_id IS NULL)
    GROUP BY i.trace_id, i.parent_span_id, i.destination
),
outer_sends AS (
    SELECT s.*,
        coalesce(s."offset", i."offset")          AS acked_offset,
        CASE WHEN s."offset" IS NULL AND i."offset" IS NOT NULL THEN i.log ELSE s.log END AS acked_log,
        coalesce(s."partition", i."partition")    AS acked_partition,
        coalesce(s.event_id, i.event_id)          AS known_id
    FROM sends AS s
    LEFT JOIN inner_sends AS i
        ON i.trace_id = s.trace_id AND i.parent_span_id = s.span_id AND i.destination = s.destination
    WHERE NOT EXISTS (
        SELECT 1 FROM inner_sends AS j
        WHERE j.trace_id = s.trace_id AND j.parent_span_id = s.parent_span_id AND j.destination = s.destination
    )
)
SELECT
    s.ref,
    s.trace_id,
    s.span_id,
    s.parent_span_id,
    s.system,
    s.cluster,
    s.log,
    s.acked_log,
    s.destination,
    s.acked_partition AS "partition",
    CASE WHEN s.publish_outcome IN ('failed', 'in-doubt') THEN NULL ELSE s.acked_offset END AS "offset",
    s.known_id        AS event_id,
    s.message_id,
    s.correlation_id,
    s.causation_id,
    s.event_type,
    s.message_key,
    s.service         AS producer,
    s.who,
    s.instance,
    s.host,
    s.number,
    s.dark,
    s.number IS NOT NULL OR s.publish_outcome IS NOT NULL AS records_acks,
    s.producer_epoch,
    s.producer_seq,
    CASE WHEN s.producer_seq IS NOT NULL
         THEN s.producer_epoch || ':' || s.producer_seq || '@' || s.destination
         ELSE lower(hex(s.ref)) END AS operation_id,
    CASE
        WHEN s.publish_outcome IS NOT NULL THEN s.publish_outcome
        WHEN s.acked_offset IS NOT NULL AND coalesce(s.status, 0) <> 2 THEN 'acked'
        WHEN s.system IN ('aws_sqs', 'aws_sns', 'gcp_pubsub') AND s.message_id IS NOT NULL AND coalesce(s.status, 0) <> 2
            THEN 'acked'
        WHEN s.status = 2 AND (s.error_type ILIKE '%timeout%' OR s.error_type ILIKE '%timedout%') THEN 'in-doubt'
        WHEN s.status = 2 THEN 'failed'
        WHEN s.number IS NOT NULL THEN 'in-doubt'
    END AS outcome,
    s.publish_outcome IS NULL AND s.number IS NOT NULL AS unfinished,
    s.error_type,
    s.publish_timeout_ms,
    s.transaction_id,
    t.transaction_end,
    s.origin_destination,
    s.origin_partition,
    s.origin_offset,
    s.origin_group,
    s.payload_digest,
    s.schema_id,
    s.content_type,
    s.event_version,
    s.batch_count,
    s.start_ns,
    s.end_ns,
    s.ord_start,
    s.ord_end
FROM outer_sends AS s
LEFT JOIN transactions AS t ON t.ref = s.ref
WHERE s.operation = 'send' OR NOT EXISTS (
    -- A create span is the operation's own only where no send stands for it.
    SELECT 1 FROM outer_sends AS n
    WHERE n.operation = 'send' AND n.trace_id = s.trace_id AND n.destination = s.destination
)
