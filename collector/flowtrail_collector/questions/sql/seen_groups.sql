-- seen_groups: the groups that were ever seen on a destination, delivering, settling or owning it, or that the broker
-- knows to have committed there.
SELECT l.destination, coalesce(l.consumer_group, g.grp, l.service) AS grp, max(l.last_ns) AS last_ns
FROM ledger_rows AS l
LEFT JOIN one_group AS g ON g.service = l.service AND g.destination = l.destination
WHERE l.operation IN ('receive', 'process', 'settle', 'assign', 'revoke') AND l.destination IS NOT NULL
GROUP BY l.destination, coalesce(l.consumer_group, g.grp, l.service)
UNION ALL
SELECT destination, consumer_group, max(at_ns)
FROM committed_positions
WHERE "position" IS NOT NULL
GROUP BY destination, consumer_group
