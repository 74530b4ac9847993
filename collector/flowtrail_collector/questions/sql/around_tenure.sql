-- around_tenure: from which generation to which each of these instances ($1 service, $2 instance) was a member of each of its
-- groups, whichever partitions it held: it tells a restart from a rebalance.
SELECT unnest([arg_min(e.rowid, e.generation), arg_max(e.rowid, e.generation)]) AS span
FROM span_rows AS e
JOIN (SELECT unnest($1::VARCHAR[]) AS service, unnest($2::VARCHAR[]) AS instance) AS m
    ON m.service IS NOT DISTINCT FROM e.service AND m.instance = e.instance
WHERE e.generation IS NOT NULL AND e.operation IN ('receive', 'settle', 'assign', 'revoke')
GROUP BY e.consumer_group, e.service, e.instance
