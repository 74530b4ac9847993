-- map_sent: the records that the window's processings may have waited in, each with when its publication began and by
-- whose clock. `times`: where more than one publication stands there, nobody knows which was processed.
SELECT
    e.system, e.destination, e."partition", e."offset", count(*) AS times, min(e.start_ns) AS start_ns,
    min(e.host) AS host, min(coalesce(e.instance, 'service ' || e.service)) AS who
FROM latency_seen AS e
JOIN map_touched AS t ON t.destination = e.destination AND t."partition" = e."partition" AND e."offset" >= t.low
WHERE e.operation = 'send' AND e.start_ns <= $until
    AND (e.publish_outcome = 'acked' OR (e.publish_outcome IS NULL AND coalesce(e.status, 0) <> 2))
GROUP BY e.system, e.destination, e."partition", e."offset"
