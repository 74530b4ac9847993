-- latency_eras: of spans that speak of a topic that was deleted and created again, which of its logs they speak of; null
-- where the clocks of two hosts leave it open (see placed). Nearly always empty. A span is told by what decides it: who
-- speaks of which partition, and when.
WITH firsts AS (
    SELECT i.realm, e."partition", CASE WHEN e.event_source IS NOT NULL THEN e.event_source || '#' ELSE '' END || e.message_id AS event_id,
        min(e.start_ns) AS from_ns, arg_min(i.host, e.start_ns) AS host, arg_min(i.who, e.start_ns) AS who
    FROM latency_seen AS e
    JOIN latency_sites AS i ON i.system IS NOT DISTINCT FROM e.system AND i.destination = e.destination
        AND i.cluster_id IS NOT DISTINCT FROM e.cluster_id AND i.service IS NOT DISTINCT FROM e.service
        AND i.instance IS NOT DISTINCT FROM e.instance AND i.host IS NOT DISTINCT FROM e.host
        AND i.consumer_group IS NOT DISTINCT FROM e.consumer_group
    WHERE e.operation = 'send' AND e."offset" = 0 AND e.publish_outcome = 'acked' AND e.message_id IS NOT NULL
    GROUP BY i.realm, e."partition", CASE WHEN e.event_source IS NOT NULL THEN e.event_source || '#' ELSE '' END || e.message_id
),
restarts AS (
    SELECT realm, "partition", from_ns, host, who,
        row_number() OVER (PARTITION BY realm, "partition" ORDER BY from_ns, event_id) - 1 AS era
    FROM firsts
)
SELECT
    i.site, e."partition", e.start_ns,
    CASE WHEN NOT bool_or(NOT coalesce(i.who = r.who, FALSE) AND NOT coalesce(i.host = r.host, FALSE)
        AND coalesce(e.start_ns + b.least_ns < r.from_ns AND e.start_ns + b.most_ns >= r.from_ns, TRUE))
    THEN coalesce(max(CASE WHEN i.who = r.who OR i.host = r.host THEN CASE WHEN r.from_ns <= e.start_ns THEN r.era END
                           WHEN e.start_ns + b.least_ns >= r.from_ns THEN r.era END), 0)
    END AS era
FROM restarts AS r
JOIN latency_sites AS i ON i.realm = r.realm
JOIN latency_seen AS e ON i.system IS NOT DISTINCT FROM e.system AND i.destination = e.destination
    AND i.cluster_id IS NOT DISTINCT FROM e.cluster_id AND i.service IS NOT DISTINCT FROM e.service
    AND i.instance IS NOT DISTINCT FROM e.instance AND i.host IS NOT DISTINCT FROM e.host
    AND i.consumer_group IS NOT DISTINCT FROM e.consumer_group AND e."partition" = r."partition"
LEFT JOIN clock_bounds AS b ON b.host = i.host AND b.other = r.host
WHERE r.era > 0
GROUP BY i.site, e."partition", e.start_ns
