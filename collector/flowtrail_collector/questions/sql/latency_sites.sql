-- latency_sites: who told of which destination as which group, each a number (`site`): what stands on every span of an
-- instance is kept once. From the ledger, which names them all. `realm`: a destination in a cluster; `party`: a group.
SELECT
    row_number() OVER (
        ORDER BY s.system, s.destination, s.cluster_id, s.service, s.instance, s.host, s.consumer_group) AS site,
    dense_rank() OVER (ORDER BY s.system, s.destination) AS dest,
    dense_rank() OVER (ORDER BY s.system, s.destination, coalesce(s.cluster_id, c.cluster_id, '')) AS realm,
    dense_rank() OVER (ORDER BY coalesce(s.consumer_group, g.grp, s.service)) AS party,
    coalesce(s.consumer_group, g.grp, s.service) AS grp,
    coalesce(s.cluster_id, c.cluster_id, '') AS cluster,
    coalesce(s.instance, 'service ' || s.service) AS who,
    s.system, s.destination, s.cluster_id, s.service, s.instance, s.host, s.consumer_group
FROM (
    SELECT DISTINCT system, destination, cluster_id, service, instance, host, consumer_group
    FROM ledger_rows
    WHERE destination IS NOT NULL AND operation IS NOT NULL
) AS s
LEFT JOIN one_cluster AS c ON c.system IS NOT DISTINCT FROM s.system AND c.destination = s.destination
LEFT JOIN one_group AS g ON g.service = s.service AND g.destination = s.destination
