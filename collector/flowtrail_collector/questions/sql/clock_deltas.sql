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
    -- Of two spans of one sending the one that began later is nearer to it.
    SELECT system, destination, "partition", "offset", max(start_ns) AS start_ns, arg_max(host, start_ns) AS host,
        arg_max(service, start_ns) AS service, arg_max(ref, start_ns) AS ref
    FROM looked_at
    WHERE operation = 'send'
    GROUP BY system, destination, "partition", "offset"
    HAVING min(trace_id) = max(trace_id)
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
