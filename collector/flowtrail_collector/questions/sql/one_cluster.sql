-- one_cluster: the cluster of a destination, where all that was ever told of it names the same. A producer may not know
-- its cluster yet when it sends its first spans.
SELECT system, destination, min(cluster_id) AS cluster_id
FROM ledger_rows
WHERE cluster_id IS NOT NULL AND destination IS NOT NULL
GROUP BY system, destination
HAVING count(DISTINCT cluster_id) = 1
