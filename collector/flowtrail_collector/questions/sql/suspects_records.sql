-- suspects_records: records of which a glance at the log shows something odd.
--
-- Two sends were acked there; two events, or two send operations, were told to stand there; its send operation is told to
-- stand elsewhere as well; or a record before it bears a higher send number. Those are necessary for an offset conflict, a
-- resend and a reordered log. Copies with an origin are left out: they carry their original's headers, and are suspected
-- for themselves.
WITH places AS MATERIALIZED (
    SELECT
        destination, "partition", "offset",
        count(*) FILTER (WHERE operation = 'send')            AS sends,
        min(message_hash) <> max(message_hash)                AS two_events,
        min(producer_seq) <> max(producer_seq)                AS two_numbers,
        min(producer_epoch) AS epoch, max(producer_epoch) AS other_epoch,
        min(producer_seq) AS seq
    FROM looked
    WHERE operation IN ('send', 'process') AND "offset" IS NOT NULL AND origin_destination IS NULL
    GROUP BY destination, "partition", "offset"
),
-- (A window of its own, so that the log is sorted once, by whole numbers.)
numbered AS (
    SELECT *, max(seq) OVER (
            PARTITION BY destination, "partition", epoch ORDER BY "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS furthest
    FROM places
    WHERE seq IS NOT NULL
),
repeated AS (
    SELECT destination, epoch, seq FROM places WHERE seq IS NOT NULL GROUP BY destination, epoch, seq HAVING count(*) > 1
)
SELECT destination, "partition", "offset" AS low, "offset" AS high FROM places
WHERE sends > 1 OR two_events OR two_numbers OR epoch <> other_epoch
UNION ALL
SELECT destination, "partition", "offset", "offset" FROM numbered WHERE seq <= furthest
UNION ALL
SELECT p.destination, p."partition", p."offset", p."offset"
FROM places AS p
JOIN repeated AS r ON r.destination = p.destination AND r.epoch = p.epoch AND r.seq = p.seq
