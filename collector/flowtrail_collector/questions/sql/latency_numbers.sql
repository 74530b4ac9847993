-- latency_numbers: a number for each send and processing that names no record.
SELECT row_number() OVER (ORDER BY trace_id, span_id) AS n, trace_id || span_id AS ref
FROM latency_seen
WHERE "offset" IS NULL AND operation IN ('send', 'create', 'process')
