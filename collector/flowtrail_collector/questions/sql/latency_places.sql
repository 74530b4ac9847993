-- latency_places: every message that is known to stand somewhere: acked there, or processed. With its publication: the
-- one that was acked there; else the first that bears the message's id; else the one that a parent or link leads to.
--
-- `start_ns` is null where no publication is known. `conflict`: two events were told to stand there; of neither can be
-- said how long it took.
WITH acked AS (
    SELECT
        dest, log, "offset", min(start_ns) AS start_ns,
        arg_min(host, start_ns) AS host, arg_min(who, start_ns) AS who, min(event_id) AS event_id,
        coalesce(min(event_id) <> max(event_id), FALSE) AS conflict, max(ending) AS ending
    FROM latency_sends
    WHERE acked AND "offset" IS NOT NULL
    GROUP BY dest, log, "offset"
),
handled AS (
    SELECT dest, log, "offset", min(event_id) AS event_id,
        min(CASE WHEN numbered THEN event_id END) AS read_id, min(start_ns) AS first_ns
    FROM latency_firsts
    GROUP BY dest, log, "offset"
),
loose AS (
    SELECT * FROM handled AS h
    WHERE NOT EXISTS (SELECT 1 FROM acked AS a WHERE a.log = h.log AND a."offset" = h."offset")
),
told AS (
    SELECT l.log, l."offset", s.start_ns, s.host, s.who, s.ending, 1 AS rank
    FROM loose AS l
    JOIN latency_sends AS s ON s.dest = l.dest AND s.event_id = l.event_id
    UNION ALL
    SELECT l.log, l."offset", s.start_ns, s.host, s.who, s.ending, 1
    FROM loose AS l
    JOIN latency_sends AS s ON s.log = l.log AND s."offset" = l."offset"
    UNION ALL
    SELECT l.log, l."offset", s.start_ns, s.host, s.who, s.ending, 2
    FROM loose AS l
    JOIN latency_tries AS t ON t.log = l.log AND t."offset" = l."offset"
    JOIN latency_sends AS s ON s.ref = t.send_ref AND s.log < 0
),
first_told AS (
    SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY log, "offset" ORDER BY rank, start_ns, who) AS place FROM told
    ) AS t
    WHERE place = 1
)
SELECT
    a.dest, a.log, a."offset", a.start_ns, a.host, a.who, coalesce(a.event_id, h.event_id) AS event_id,
    a.conflict OR coalesce(h.read_id <> a.event_id, FALSE) AS conflict, a.ending, h.first_ns
FROM acked AS a
LEFT JOIN handled AS h ON h.log = a.log AND h."offset" = a."offset"
UNION ALL
SELECT l.dest, l.log, l."offset", t.start_ns, t.host, t.who, l.event_id, FALSE, t.ending, l.first_ns
FROM loose AS l
LEFT JOIN first_told AS t ON t.log = l.log AND t."offset" = l."offset"
