-- map_consumed: what each group was handed and processed of each destination in the window, per service and instance, and
-- how many processings failed.
--
-- Processings and receives of one record that overlap in one foreign instance are one told twice (see attempts, handed):
-- the first counts. A batch counts as many messages as it holds.
WITH told AS (
    SELECT
        e.operation, e.system, e.destination, coalesce(e.consumer_group, g.grp, e.service) AS grp,
        e.consumer_group IS NULL AND g.grp IS NULL AS assumed, e.service,
        coalesce(e.instance, 'service ' || e.service) AS who, e.number, e."partition", e."offset",
        coalesce(e.batch_count, e.offset_last - e."offset" + 1, 1) AS messages, coalesce(e.status, 0) = 2 AS failed,
        e.start_ns, e.end_ns
    FROM latency_seen AS e
    LEFT JOIN one_group AS g ON e.consumer_group IS NULL AND g.service = e.service AND g.destination = e.destination
    WHERE e.operation IN ('process', 'receive') AND e.destination IS NOT NULL AND e.start_ns BETWEEN $since AND $until
),
foreign_ones AS (
    SELECT *,
        max(end_ns) OVER (
            PARTITION BY operation, who, grp, destination, "partition", "offset" ORDER BY start_ns, end_ns DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reaches
    FROM told
    WHERE number IS NULL AND "offset" IS NOT NULL
),
once AS (
    SELECT operation, system, destination, grp, assumed, service, who, messages, failed
    FROM told
    WHERE number IS NOT NULL OR "offset" IS NULL
    UNION ALL
    SELECT operation, system, destination, grp, assumed, service, who, messages, failed
    FROM foreign_ones
    WHERE reaches IS NULL OR reaches <= start_ns
)
SELECT
    system, destination, grp, assumed, service, who,
    sum(CASE WHEN operation = 'process' THEN greatest(1, messages) ELSE 0 END)::BIGINT            AS processed,
    sum(CASE WHEN operation = 'receive' THEN greatest(0, messages) ELSE 0 END)::BIGINT            AS received,
    sum(CASE WHEN operation = 'process' AND failed THEN greatest(1, messages) ELSE 0 END)::BIGINT AS failed
FROM once
GROUP BY system, destination, grp, assumed, service, who
