-- group_members: which instances ever read which destination as which group, by everything they told, and what they told.
-- `assumed`: no group was named, so the service's name stands for it.
SELECT
    l.system, l.destination,
    coalesce(l.consumer_group, g.grp, l.service)     AS grp,
    l.consumer_group IS NULL AND g.grp IS NULL       AS assumed,
    l.service, l.operation,
    coalesce(l.instance, 'service ' || l.service)    AS who,
    max(l.last_ns)                                   AS last_ns
FROM ledger_rows AS l
LEFT JOIN one_group AS g ON g.service = l.service AND g.destination = l.destination
WHERE l.operation IN ('receive', 'process', 'settle', 'assign', 'revoke') AND l.destination IS NOT NULL
GROUP BY
    l.system, l.destination, coalesce(l.consumer_group, g.grp, l.service), l.consumer_group IS NULL AND g.grp IS NULL,
    l.service, l.operation, coalesce(l.instance, 'service ' || l.service)
