-- latency_spans: what is looked at, in numbers: whose span it is, and of which log it speaks (partition and era of a
-- destination in a cluster; null where two clocks leave open which era).
--
-- Ids are there only where somebody may have to find a span by them, and `n` where it names no record.
SELECT
    e.operation, i.site, i.dest, i.party, e."offset", b.n, e.message_hash,
    CASE WHEN a.site IS NULL OR a.era IS NOT NULL
         THEN (i.realm * 1024 + coalesce(a.era, 0)) * 2147483648 + coalesce(e."partition" + 1, 0) END AS log,
    CASE WHEN e.event_source IS NOT NULL AND e.message_id IS NOT NULL
         THEN e.event_source || '#' || e.message_id ELSE e.message_id END AS event_id,
    e."partition", e.number IS NOT NULL AS numbered, e.generation, e.publish_outcome, coalesce(e.status, 0) = 2 AS failed,
    e.transaction_id IS NOT NULL AS transactional, e.origin_destination, e.origin_partition, e.origin_offset,
    e.origin_group, e."position", e.position_reason, e.start_ns, e.end_ns,
    CASE WHEN f.by_ids OR e.transaction_id IS NOT NULL OR e."offset" IS NULL THEN e.trace_id || e.span_id END AS ref,
    CASE WHEN f.by_ids THEN e.trace_id || e.parent_span_id END AS parent_ref,
    CASE WHEN f.by_ids THEN e.trace_id END AS trace_id
FROM latency_seen AS e
CROSS JOIN latency_gate AS f
JOIN latency_sites AS i ON i.system IS NOT DISTINCT FROM e.system AND i.destination = e.destination
    AND i.cluster_id IS NOT DISTINCT FROM e.cluster_id AND i.service IS NOT DISTINCT FROM e.service
    AND i.instance IS NOT DISTINCT FROM e.instance AND i.host IS NOT DISTINCT FROM e.host
    AND i.consumer_group IS NOT DISTINCT FROM e.consumer_group
LEFT JOIN latency_eras AS a ON a.site = i.site AND a."partition" = e."partition" AND a.start_ns = e.start_ns
LEFT JOIN latency_numbers AS b ON b.ref = CASE WHEN e."offset" IS NULL THEN e.trace_id || e.span_id END
