-- latency_gate: whether somebody may have to find a span by its ids: where an instrumentation other than ours takes part,
-- and where a send names neither record nor message. One row.
SELECT coalesce(bool_or(spans > numbered), FALSE) OR EXISTS (
    SELECT 1 FROM latency_seen WHERE operation = 'send' AND "offset" IS NULL AND message_id IS NULL) AS by_ids
FROM ledger_rows
WHERE operation IN ('send', 'create', 'process')
