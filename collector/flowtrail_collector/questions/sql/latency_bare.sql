-- latency_bare: processings whose span names no record, with the places of what they processed: those that a batch has
-- on its links; else that of the send which the message id, or else the parent or link, leads to; else one of their own.
WITH told AS (
    SELECT n, ref, dest, log, "partition", event_id FROM latency_spans WHERE operation = 'process' AND "offset" IS NULL
),
batched AS (
    -- One span for a batch: what is particular to each message stands on its links.
    SELECT t.n, t.ref, t.log, l."offset", l.message_id AS event_id
    FROM link_rows AS l
    JOIN told AS t ON t.ref = l.trace_id || l.span_id
    WHERE l."offset" IS NOT NULL AND coalesce(l."partition", t."partition") IS NOT DISTINCT FROM t."partition"
),
by_id AS (
    SELECT n, log, "offset" FROM (
        SELECT b.n, s.log, s."offset", row_number() OVER (PARTITION BY b.n ORDER BY s.start_ns, s.log, s."offset") AS place
        FROM told AS b
        JOIN latency_sends AS s ON s.dest = b.dest AND s.event_id = b.event_id
    ) AS found
    WHERE place = 1
),
unsent AS (
    -- A message that is known by its id and by no send.
    SELECT dest, event_id, min(n) AS first_n FROM told WHERE event_id IS NOT NULL GROUP BY dest, event_id
)
SELECT ref, log, "offset", event_id FROM batched
UNION ALL
SELECT
    b.ref, coalesce(i.log, t.log, -b.dest) AS log, coalesce(i."offset", t."offset", u.first_n, b.n) AS "offset", b.event_id
FROM told AS b
LEFT JOIN by_id AS i ON i.n = b.n
LEFT JOIN latency_ties AS t ON t.ref = b.ref AND b.event_id IS NULL
LEFT JOIN unsent AS u ON u.dest = b.dest AND u.event_id = b.event_id
WHERE NOT EXISTS (SELECT 1 FROM batched AS d WHERE d.n = b.n)
