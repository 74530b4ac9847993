-- latency_tries: one row per processing of one message, with the place that the message has: its record; or, of what
-- names no record, the place of the send that its message id or its parent or link leads to; or a place of its own
-- (`log` is then the destination's number below zero, and `offset` the number of a span).
--
-- `send_ref`: the send that a parent or link of what names a record leads to.
WITH told AS (
    SELECT s.*, l.dest, CASE WHEN a.destination IS NULL OR a.era IS NOT NULL THEN l.log END AS log
    FROM latency_spans AS s
    LEFT JOIN latency_eras AS a ON a.system IS NOT DISTINCT FROM s.system AND a.cluster = s.cluster
        AND a.destination = s.destination AND a."partition" = s."partition" AND a.start_ns = s.start_ns
        AND a.who = s.who AND a.host IS NOT DISTINCT FROM s.host
    JOIN latency_logs AS l ON l.system IS NOT DISTINCT FROM s.system AND l.cluster = s.cluster
        AND l.destination = s.destination AND l."partition" IS NOT DISTINCT FROM s."partition" AND l.era = coalesce(a.era, 0)
    WHERE s.operation = 'process'
),
linked AS (
    SELECT t.n, t.ref, t.dest, l.linked_trace_id || l.linked_span_id AS send_ref, l."offset", l."partition", l.message_id
    FROM link_rows AS l
    JOIN told AS t ON t.ref = l.trace_id || l.span_id
),
batched AS (
    -- One span for a batch: what is particular to each message stands on its links.
    SELECT t.n, l."offset", l.message_id
    FROM told AS t
    JOIN linked AS l ON l.n = t.n AND l."offset" IS NOT NULL AND coalesce(l."partition", t."partition") IS NOT DISTINCT FROM t."partition"
    WHERE t."offset" IS NULL
),
ties AS (
    SELECT t.ref, min(s.ref) AS send_ref, min(s.log) AS log, min(s."offset") AS "offset"
    FROM (
        SELECT ref, parent_ref AS send_ref, dest FROM told WHERE parent_ref IS NOT NULL
        UNION
        SELECT ref, send_ref, dest FROM linked
    ) AS t
    JOIN latency_sends AS s ON s.ref = t.send_ref AND s.dest = t.dest
    GROUP BY t.ref
    HAVING count(DISTINCT s.ref) = 1
),
by_id AS (
    SELECT n, log, "offset" FROM (
        SELECT b.n, s.log, s."offset", row_number() OVER (PARTITION BY b.n ORDER BY s.start_ns, s.log, s."offset") AS place
        FROM told AS b
        JOIN latency_sends AS s ON s.dest = b.dest AND s.event_id = b.event_id
        WHERE b."offset" IS NULL AND b.event_id IS NOT NULL
    ) AS found
    WHERE place = 1
),
unsent AS (
    -- A message that is known by its id and by no send.
    SELECT dest, event_id, min(n) AS first_n
    FROM told
    WHERE "offset" IS NULL AND event_id IS NOT NULL
    GROUP BY dest, event_id
),
bare AS (
    SELECT
        b.n, coalesce(i.log, t.log, -b.dest) AS log, coalesce(i."offset", t."offset", u.first_n, b.n) AS "offset"
    FROM told AS b
    LEFT JOIN by_id AS i ON i.n = b.n
    LEFT JOIN ties AS t ON t.ref = b.ref AND b.event_id IS NULL
    LEFT JOIN unsent AS u ON u.dest = b.dest AND u.event_id = b.event_id
    WHERE b."offset" IS NULL AND NOT EXISTS (SELECT 1 FROM batched AS d WHERE d.n = b.n)
)
SELECT
    t.dest, t.log, t."offset", t.grp, t.event_id, t.host, t.who, t.numbered, t.member, t.generation, t.failed,
    t.start_ns, t.end_ns, t.origin_destination, t.origin_partition, t.origin_offset, t.origin_group, i.send_ref
FROM told AS t
LEFT JOIN ties AS i ON i.ref = t.ref
WHERE t."offset" IS NOT NULL
UNION ALL
SELECT
    t.dest, t.log, b."offset", t.grp, b.message_id, t.host, t.who, t.numbered, t.member, t.generation, t.failed,
    t.start_ns, t.end_ns, NULL, NULL, NULL, NULL, NULL
FROM batched AS b
JOIN told AS t ON t.n = b.n
UNION ALL
SELECT
    t.dest, b.log, b."offset", t.grp, t.event_id, t.host, t.who, t.numbered, t.member, t.generation, t.failed,
    t.start_ns, t.end_ns, t.origin_destination, t.origin_partition, t.origin_offset, t.origin_group, NULL
FROM bare AS b
JOIN told AS t ON t.n = b.n
