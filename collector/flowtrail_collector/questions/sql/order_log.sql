-- order_log: each producer's sends in a partition, first copies only, those without an ack where a consumer tells of them: the sequence is its send number, the arrival its
-- offset. `furthest`: the largest send number before it. `reordered`: it stands behind a record that was sent after it. `one_key`: one of those bears its key.
WITH firsts AS (
    SELECT
        p.who, p.producer_epoch, o.log, p.producer_seq AS s, min(o."offset") AS arrival,
        min(p.destination) AS destination, min(l."partition") AS "partition", min(p.system) AS system,
        min(p.producer) AS producer, min(p.instance) AS instance, min(p.message_key) AS message_key, min(p.ref) AS ref,
        min(p.ord_start) AS sent_ord, min(CASE p.outcome WHEN 'acked' THEN p.ord_end END) AS acked_ord,
        min(p.end_ns) AS arrival_ns,
        bool_or(p.transaction_id IS NOT NULL) AS transactional, bool_or(p.dark) AS dark
    FROM publications AS p
    JOIN operations AS o ON o.operation_id = p.operation_id
    JOIN records AS l ON l.log = o.log AND l."offset" = o."offset"
    CROSS JOIN stretches AS z
    WHERE o."offset" BETWEEN z.low AND z.high
        AND (z.destination IS NULL OR (z.destination = l.destination AND z."partition" = l."partition"))
        AND p.outcome IN ('acked', 'in-doubt') AND p.producer_seq IS NOT NULL
        AND coalesce(p.transaction_end, '') <> 'aborted'
        -- Where two events were acked at one record, nobody knows for sure whose it is.
        AND NOT l.conflict
    GROUP BY p.who, p.producer_epoch, o.log, p.producer_seq
)
SELECT
    *,
    max(s) OVER line AS furthest,
    coalesce(max(s) OVER line > s, FALSE) AS reordered,
    message_key IS NOT NULL AND coalesce(max(s) OVER key_line > s, FALSE) AS one_key
FROM firsts
WINDOW
    line AS (PARTITION BY who, producer_epoch, log ORDER BY arrival ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    key_line AS (PARTITION BY who, producer_epoch, log, message_key ORDER BY arrival
                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
