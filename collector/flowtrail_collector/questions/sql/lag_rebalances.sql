-- lag_rebalances: when members of a group were assigned partitions anew: the first assignment of each generation in the
-- window as members told it, or the broker's first sample of it; the newest 50 of each group. The generation that stood
-- when the broker was asked first may be older than that: of it no sample tells the moment.
WITH sampled AS (
    SELECT consumer_group, generation, min(at_ns) AS first_ns
    FROM broker_member_rows
    WHERE member IS NOT NULL
    GROUP BY consumer_group, generation
),
told AS (
    SELECT consumer_group, generation, end_ns AS at_ns
    FROM span_rows
    WHERE operation = 'assign' AND consumer_group IS NOT NULL
    UNION ALL
    SELECT consumer_group, generation, first_ns
    FROM sampled
    QUALIFY first_ns > min(first_ns) OVER (PARTITION BY consumer_group)
),
begun AS (
    SELECT consumer_group, generation, min(at_ns) AS at_ns
    FROM told
    WHERE generation > 0 AND at_ns BETWEEN $from_ns AND $until_ns
    GROUP BY consumer_group, generation
)
SELECT consumer_group AS grp, generation, at_ns
FROM begun
QUALIFY row_number() OVER (PARTITION BY consumer_group ORDER BY at_ns DESC, generation DESC) <= 50
ORDER BY at_ns, grp, generation
