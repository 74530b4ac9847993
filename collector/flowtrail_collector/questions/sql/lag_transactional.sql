-- lag_transactional: acked sends that are part of a transaction, with its end: 'committed', 'aborted', or null while it
-- is open. The send may state it; else the next commit-transaction or abort-transaction of the same instance decides,
-- unless spans were lost between the two: its own end may be among them.
SELECT system, cluster_id, destination, "partition", "offset", message_key, tombstone, start_ns, end_ns,
    coalesce(transaction_outcome, CASE WHEN NOT EXISTS (
        SELECT 1 FROM holes AS h
        WHERE h.who = closed.who AND h.after_number >= closed.number AND h.before_number <= closed.next_number
    ) THEN next_ending END) AS ending
FROM (
    SELECT *,
        first_value(step_ending IGNORE NULLS) OVER following AS next_ending,
        first_value(CASE WHEN step_ending IS NOT NULL THEN number END IGNORE NULLS) OVER following AS next_number
    FROM (
        SELECT *,
            CASE
                WHEN operation <> 'settle' OR coalesce(status, 0) = 2 THEN NULL
                WHEN operation_name = 'commit-transaction' THEN coalesce(transaction_outcome, 'committed')
                WHEN operation_name = 'abort-transaction' THEN coalesce(transaction_outcome, 'aborted')
            END AS step_ending,
            coalesce(instance, 'service ' || service) AS who
        FROM span_rows
        WHERE transaction_id IS NOT NULL AND operation IN ('send', 'settle') AND end_ns <= $until_ns
    ) AS steps
    WINDOW following AS (
        PARTITION BY who, transaction_id ORDER BY number, end_ns, operation DESC
        ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
    )
) AS closed
WHERE operation = 'send' AND "offset" >= 0 AND coalesce(publish_outcome, 'acked') = 'acked' AND coalesce(status, 0) <> 2
