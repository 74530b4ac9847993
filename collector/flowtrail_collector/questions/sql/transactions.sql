-- transactions: how the transaction of each transactional send ended. The tracer may state it on the send itself;
-- else the next commit-transaction or abort-transaction of the same instance and transactional id decides. A send
-- whose transaction has no known end has a null outcome: it is open, or its end was lost. Where spans were lost between the
-- send and the next end that is known, its own end may be among them.
-- empty unless: EXISTS (SELECT 1 FROM placed WHERE transaction_id IS NOT NULL)
WITH steps AS (
    SELECT ref, who, number, transaction_id, ord_end, operation, operation_name, transaction_outcome,
        CASE
            WHEN operation = 'settle' AND operation_name = 'commit-transaction' AND coalesce(status, 0) <> 2
                THEN coalesce(transaction_outcome, 'committed')
            WHEN operation = 'settle' AND operation_name = 'abort-transaction' AND coalesce(status, 0) <> 2
                THEN coalesce(transaction_outcome, 'aborted')
        END AS ending
    FROM placed
    WHERE transaction_id IS NOT NULL AND operation IN ('send', 'settle')
),
endings AS (
    SELECT
        who, number, transaction_id, ending,
        row_number() OVER (PARTITION BY who, transaction_id ORDER BY ord_end, ref) AS nth
    FROM steps
    WHERE ending IS NOT NULL
),
counted AS (
    -- How many endings came before each send: a send that ends with one belongs to it.
    SELECT
        *,
        count(ending) OVER (
            PARTITION BY who, transaction_id ORDER BY ord_end, operation, ref ROWS UNBOUNDED PRECEDING
        ) AS endings_before
    FROM steps
)
SELECT c.ref,
    coalesce(c.transaction_outcome, CASE WHEN NOT EXISTS (
        SELECT 1 FROM holes AS h
        WHERE h.who = c.who AND h.after_number >= c.number AND h.before_number <= e.number) THEN e.ending END
    ) AS transaction_end
FROM counted AS c
LEFT JOIN endings AS e ON e.who = c.who AND e.transaction_id = c.transaction_id AND e.nth = c.endings_before + 1
WHERE c.operation = 'send'
