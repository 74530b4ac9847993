-- clock_deltas: the smallest time that a message was seen to take from one host to another, by their two clocks. A message
-- is never begun before it is sent: where this is below zero, the other clock is behind.
--
-- In a large store one record in so many is looked at: the smallest delta needs many messages, not all.
WITH hosts AS (
    SELECT count(DISTINCT host) AS hosts FROM ledger_rows
),
sampling AS (
    SELECT greatest(sum(spans) FILTER (WHERE operation = 'send') // 20000, 1) AS one_in FROM ledger_rows
),
looked_at AS (
    SELECT s.operation, s.host, s.instance, s.service, s.trace_id || s.span_id AS ref, s.system, s.destination, s."partition",
        s."offset", s.start_ns
    FROM span_rows AS s
    CROSS JOIN sampling AS k
    CROSS JOIN hosts AS h
    WHERE h.hosts > 1 AND s.operation IN ('send', 'process') AND s."offset" IS NOT NULL AND s.host IS NOT NULL
        AND s."offset" % k.one_in = 0
)
SELECT
    s.host, b.host AS other,
    min(b.start_ns - s.start_ns)                    AS delta_ns,
    count(*)                                        AS messages,
    min(s.service)                                  AS service,
    min(b.service)                                  AS other_service,
    min(b.instance)                                 AS other_instance,
    arg_min(s.ref, b.start_ns - s.start_ns)         AS sent_ref,
    arg_min(b.ref, b.start_ns - s.start_ns)         AS begun_ref,
    min(s.start_ns)                                 AS first_ns,
    max(b.start_ns)                                 AS last_ns
FROM looked_at AS s
JOIN looked_at AS b ON b.operation = 'process' AND b.system IS NOT DISTINCT FROM s.system AND b.destination = s.destination
    AND b."partition" = s."partition" AND b."offset" = s."offset" AND b.host <> s.host
WHERE s.operation = 'send'
GROUP BY s.host, b.host
