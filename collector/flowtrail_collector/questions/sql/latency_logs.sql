-- latency_logs: a number for each log (partition, and era of it), and one for each destination (`dest`).
SELECT
    row_number() OVER (ORDER BY system, cluster, destination, "partition", era) AS log,
    dense_rank() OVER (ORDER BY system, destination) AS dest,
    system, cluster, destination, "partition", era
FROM (
    SELECT system, cluster, destination, "partition", 0 AS era FROM latency_spans
    UNION
    SELECT system, cluster, destination, "partition", era FROM latency_eras WHERE era > 0
) AS named
