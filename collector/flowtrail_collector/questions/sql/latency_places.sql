-- latency_places: every message that is known to stand somewhere: acked there, or processed. With its publication: the
-- one that was acked there; else the first that bears the message's id; else the one that a parent or link leads to.
--
-- `start_ns` is null where no publication is known. `conflict`: two events were told to stand there (their ids' digests
-- differ); of neither can be said how long it took. `event_id` is there where no ack names it.
WITH acked AS (
    SELECT
        dest, log, "offset", min(start_ns) AS start_ns, arg_min(site, start_ns) AS site, min(message_hash) AS message_hash,
        coalesce(min(message_hash) <> max(message_hash), FALSE) AS conflict, max(ending) AS ending
    FROM latency_sends
    WHERE acked AND "offset" IS NOT NULL
    GROUP BY dest, log, "offset"
),
handled AS (
    SELECT dest, log, "offset", min(start_ns) AS first_ns, min(least_hash) AS least_hash, max(most_hash) AS most_hash
    FROM latency_firsts
    GROUP BY dest, log, "offset"
),
loose AS (
    SELECT h.* FROM handled AS h
    WHERE NOT EXISTS (SELECT 1 FROM acked AS a WHERE a.log = h.log AND a."offset" = h."offset")
),
named AS (
    -- Ids are read again where they matter: nearly all records have their ack.
    SELECT log, "offset", min(event_id) AS event_id
    FROM (
        SELECT l.log, l."offset", t.event_id
        FROM loose AS l
        JOIN latency_tries AS t ON t.log = l.log AND t."offset" = l."offset" AND t.event_id IS NOT NULL
        UNION ALL
        SELECT l.log, l."offset", p.event_id
        FROM loose AS l
        JOIN latency_spans AS p ON p.operation = 'process' AND p.log = l.log AND p."offset" = l."offset"
    ) AS told
    GROUP BY log, "offset"
),
told AS (
    SELECT l.log, l."offset", s.start_ns, s.site, s.ending, 1 AS rank
    FROM loose AS l
    JOIN named AS n ON n.log = l.log AND n."offset" = l."offset"
    JOIN latency_sends AS s ON s.dest = l.dest AND s.event_id = n.event_id
    UNION ALL
    SELECT l.log, l."offset", s.start_ns, s.site, s.ending, 1
    FROM loose AS l
    JOIN latency_sends AS s ON s.log = l.log AND s."offset" = l."offset"
    UNION ALL
    SELECT l.log, l."offset", s.start_ns, s.site, s.ending, 2
    FROM loose AS l
    JOIN latency_ties AS t ON t.at_log = l.log AND t.at_offset = l."offset" AND t.log < 0
    JOIN latency_sends AS s ON s.log = t.log AND s."offset" = t."offset"
),
first_told AS (
    SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY log, "offset" ORDER BY rank, start_ns, site) AS place FROM told
    ) AS t
    WHERE place = 1
)
SELECT
    a.dest, a.log, a."offset", a.start_ns, a.site, a.message_hash, CAST(NULL AS VARCHAR) AS event_id,
    a.conflict OR coalesce(h.least_hash <> a.message_hash OR h.most_hash <> a.message_hash, FALSE) AS conflict, a.ending,
    h.first_ns
FROM acked AS a
LEFT JOIN handled AS h ON h.log = a.log AND h."offset" = a."offset"
UNION ALL
SELECT l.dest, l.log, l."offset", t.start_ns, t.site, NULL, n.event_id, FALSE, t.ending, l.first_ns
FROM loose AS l
LEFT JOIN named AS n ON n.log = l.log AND n."offset" = l."offset"
LEFT JOIN first_told AS t ON t.log = l.log AND t."offset" = l."offset"
