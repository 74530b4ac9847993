-- transactions: how the transaction of each transactional send ended. The tracer may state it on the send itself;
-- else the next commit-transaction or abort-transaction of the same instance and transactional id decides. A send
-- whose transaction has no known end has a null outcome: it is open, or its end was lost.
-- empty unless: EXISTS (SELECT 1 FROM placed WHERE transaction_id IS NOT NULL)
WITH steps AS (
    SELECT ref, who, transaction_id, ord_end, operation, operation_name, transaction_outcome,
        CASE
            WHEN operation = 'settle' AND operation_name = 'commit-transaction' AND coalesce(status, 0) <> 2
                THEN coalesce(transaction_outcome, 'committed')
            WHEN operation = 'settle' AND operation_name = 'abort-transaction' AND coalesce(status, 0) <> 2
                THEN coalesce(transaction_outcome, 'aborted')
        END AS ending
    FROM placed
    WHERE transaction_id IS NOT NULL AND operation IN ('send', 'settle')
),
closed AS (
    SELECT
        *,
        first_value(ending IGNORE NULLS) OVER (
            PARTITION BY who, transaction_id ORDER BY ord_end, operation DESC
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS next_ending
    FROM steps
)
SELECT ref, coalesce(transaction_outcome, next_ending) AS transaction_end
FROM closed
WHERE operation = 'send'
