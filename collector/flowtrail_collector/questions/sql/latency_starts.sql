-- latency_starts: the lowest offset that was ever for a group to read in a log: the lowest of its assigned positions and
-- of the offsets it was handed, as far as spans are looked at (see starts).
SELECT l.log, coalesce(e.consumer_group, g.grp, e.service) AS grp,
    min(CASE WHEN e.operation IN ('receive', 'process') THEN e."offset" ELSE e."position" END) AS start
FROM evidence AS e
LEFT JOIN one_cluster AS c ON c.system IS NOT DISTINCT FROM e.system AND c.destination = e.destination
LEFT JOIN one_group AS g ON g.service = e.service AND g.destination = e.destination
JOIN latency_logs AS l ON l.system IS NOT DISTINCT FROM e.system AND l.cluster = coalesce(e.cluster_id, c.cluster_id, '')
    AND l.destination = e.destination AND l."partition" IS NOT DISTINCT FROM e."partition"
WHERE e.operation IN ('assign', 'receive', 'process') OR (e.operation = 'settle' AND e.position_reason = 'reset')
GROUP BY l.log, coalesce(e.consumer_group, g.grp, e.service)
