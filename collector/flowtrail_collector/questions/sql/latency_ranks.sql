-- latency_ranks: percentiles by nearest rank, so that each is a time that was measured: p95 is the shortest time that at
-- least 95 of 100 did not exceed. Exact, and the same in every engine: sorted and counted, not an engine's own quantile.
--
-- `what`: measured; where hosts' clocks are between them also least and most, the bounds of the truth: what lies between
-- two others one by one lies so rank by rank.
WITH told AS (
    SELECT dest, grp, across, latency, least, most FROM latency_pairs WHERE latency IS NOT NULL
    UNION ALL
    SELECT dest, NULL, across, latency, least, most FROM latency_converged WHERE latency IS NOT NULL
),
bounded AS (
    SELECT dest, grp
    FROM told
    GROUP BY dest, grp
    HAVING bool_or(across) AND count(least) = count(*) AND count(most) = count(*)
),
valued AS (
    SELECT dest, grp, 'measured' AS what, latency AS value FROM told
    UNION ALL
    SELECT t.dest, t.grp, 'least', t.least
    FROM told AS t JOIN bounded AS b ON b.dest = t.dest AND b.grp IS NOT DISTINCT FROM t.grp
    UNION ALL
    SELECT t.dest, t.grp, 'most', t.most
    FROM told AS t JOIN bounded AS b ON b.dest = t.dest AND b.grp IS NOT DISTINCT FROM t.grp
),
ranked AS (
    SELECT dest, grp, what, value,
        row_number() OVER (PARTITION BY dest, grp, what ORDER BY value) AS place,
        count(*) OVER (PARTITION BY dest, grp, what)                    AS many
    FROM valued
)
SELECT dest, grp, what,
    max(CASE WHEN place = (many * 50 + 99) // 100 THEN value END) AS p50,
    max(CASE WHEN place = (many * 95 + 99) // 100 THEN value END) AS p95,
    max(CASE WHEN place = (many * 99 + 99) // 100 THEN value END) AS p99,
    max(value)                                                    AS furthest
FROM ranked
GROUP BY dest, grp, what
