-- latency_eras: of spans that speak of a topic that was deleted and created again, which of its logs they speak of; null
-- where the clocks of two hosts leave it open (see placed). Nearly always empty. A
-- span is told by what decides it: the partition, whose clock, and when.
WITH firsts AS (
    SELECT system, cluster, destination, "partition", event_id, min(start_ns) AS from_ns, arg_min(host, start_ns) AS host,
        arg_min(who, start_ns) AS who
    FROM latency_spans
    WHERE operation = 'send' AND "offset" = 0 AND publish_outcome = 'acked' AND event_id IS NOT NULL
    GROUP BY system, cluster, destination, "partition", event_id
),
restarts AS (
    SELECT
        system, cluster, destination, "partition", from_ns, host, who,
        row_number() OVER (PARTITION BY system, cluster, destination, "partition" ORDER BY from_ns, event_id) - 1 AS era
    FROM firsts
)
SELECT
    s.system, s.cluster, s.destination, s."partition", s.who, s.host, s.start_ns,
    CASE WHEN NOT bool_or(NOT coalesce(s.who = r.who, FALSE) AND NOT coalesce(s.host = r.host, FALSE)
        AND coalesce(s.start_ns + b.least_ns < r.from_ns AND s.start_ns + b.most_ns >= r.from_ns, TRUE))
    THEN coalesce(max(CASE WHEN s.who = r.who OR s.host = r.host THEN CASE WHEN r.from_ns <= s.start_ns THEN r.era END
                           WHEN s.start_ns + b.least_ns >= r.from_ns THEN r.era END), 0)
    END AS era
FROM latency_spans AS s
JOIN restarts AS r
    ON r.era > 0 AND r.system IS NOT DISTINCT FROM s.system AND r.cluster = s.cluster
    AND r.destination = s.destination AND r."partition" = s."partition"
LEFT JOIN clock_bounds AS b ON b.host = s.host AND b.other = r.host
GROUP BY s.system, s.cluster, s.destination, s."partition", s.who, s.host, s.start_ns
