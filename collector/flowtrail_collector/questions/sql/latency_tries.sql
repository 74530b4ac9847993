-- latency_tries: one row per processing of one message, with the place that the message has: its record, or what stands
-- for one (see latency_bare: `log` is then the destination's number below zero, and `offset` the number of a span).
--
-- `event_id` is there where no record is.
SELECT
    p.site, p.dest, p.party, p.log, p."offset", p.message_hash, CAST(NULL AS VARCHAR) AS event_id, p.numbered,
    p.generation, p.failed, p.origin_destination, p.origin_partition, p.origin_offset, p.origin_group, p.start_ns,
    p.end_ns
FROM latency_spans AS p
WHERE p.operation = 'process' AND p."offset" IS NOT NULL
UNION ALL
SELECT
    p.site, p.dest, p.party, b.log, b."offset", NULL, b.event_id, p.numbered, p.generation, p.failed,
    p.origin_destination, p.origin_partition, p.origin_offset, p.origin_group, p.start_ns, p.end_ns
FROM latency_bare AS b
JOIN latency_spans AS p ON p.operation = 'process' AND p."offset" IS NULL AND p.ref = b.ref
