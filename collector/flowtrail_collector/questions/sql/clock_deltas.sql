-- clock_deltas: the smallest time that a message was seen to take from one host to another, by their two clocks. A message
-- is never begun before it is sent: where this is below zero, the other clock is behind.
--
-- Of some records only: see store/clocks.py. Where several sends tell of one place (a topic that was created again, an
-- event that was overwritten) nobody knows which of them was begun.
WITH looked_at AS (
    SELECT trace_id, operation, host, instance, service, trace_id || span_id AS ref, system, destination, "partition", "offset", start_ns
    FROM clock_rows
    WHERE (SELECT count(DISTINCT host) FROM ledger_rows) > 1
),
sends AS (
    SELECT * FROM (
        SELECT
            l.*,
            min(trace_id) OVER place AS first_trace,
            max(trace_id) OVER place AS last_trace
        FROM looked_at AS l
        WHERE operation = 'send'
        WINDOW place AS (PARTITION BY system, destination, "partition", "offset")
    ) AS s
    WHERE first_trace = last_trace
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
FROM sends AS s
JOIN looked_at AS b ON b.operation = 'process' AND b.system IS NOT DISTINCT FROM s.system AND b.destination = s.destination
    AND b."partition" = s."partition" AND b."offset" = s."offset" AND b.host <> s.host
GROUP BY s.host, b.host
