-- map_begun: when each group first began to process each record, of those that it first began in the window.
SELECT
    e.system, e.destination, e."partition", e."offset", coalesce(e.consumer_group, g.grp, e.service) AS grp,
    min(e.start_ns) AS start_ns, arg_min(e.host, e.start_ns) AS host,
    arg_min(coalesce(e.instance, 'service ' || e.service), e.start_ns) AS who
FROM latency_seen AS e
JOIN map_touched AS t ON t.destination = e.destination AND t."partition" = e."partition" AND e."offset" >= t.low
LEFT JOIN one_group AS g ON e.consumer_group IS NULL AND g.service = e.service AND g.destination = e.destination
WHERE e.operation = 'process' AND e.start_ns <= $until
GROUP BY e.system, e.destination, e."partition", e."offset", coalesce(e.consumer_group, g.grp, e.service)
HAVING min(e.start_ns) >= $since
