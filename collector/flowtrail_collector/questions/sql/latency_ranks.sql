-- latency_ranks: percentiles by nearest rank, so that each is a time that was measured: p95 is the shortest time that at
-- least 95 of 100 did not exceed. Exact, and the same in every engine: sorted and counted, not an engine's own quantile.
--
-- `what`: measured; where hosts' clocks are between them also least and most, the bounds of the truth: what lies between
-- two others one by one lies so rank by rank.
WITH told AS (
    SELECT dest, party, across, latency, least, most FROM latency_pairs WHERE latency IS NOT NULL
    UNION ALL
    SELECT dest, NULL, across, latency, least, most FROM latency_converged WHERE latency IS NOT NULL
),
bounded AS (
    SELECT dest, party
    FROM told
    GROUP BY dest, party
    HAVING bool_or(across) AND count(least) = count(*) AND count(most) = count(*)
),
valued AS (
    SELECT dest, party, 'measured' AS what, latency AS value FROM told
    UNION ALL
    SELECT t.dest, t.party, 'least', t.least
    FROM told AS t JOIN bounded AS b ON b.dest = t.dest AND b.party IS NOT DISTINCT FROM t.party
    UNION ALL
    SELECT t.dest, t.party, 'most', t.most
    FROM told AS t JOIN bounded AS b ON b.dest = t.dest AND b.party IS NOT DISTINCT FROM t.party
),
ranked AS (
    SELECT dest, party, what, value,
        row_number() OVER (PARTITION BY dest, party, what ORDER BY value) AS place,
        count(*) OVER (PARTITION BY dest, party, what)                    AS many
    FROM valued
)
SELECT dest, party, what,
    max(CASE WHEN place = (many * 50 + 99) // 100 THEN value END) AS p50,
    max(CASE WHEN place = (many * 95 + 99) // 100 THEN value END) AS p95,
    max(CASE WHEN place = (many * 99 + 99) // 100 THEN value END) AS p99,
    max(value)                                                    AS furthest
FROM ranked
GROUP BY dest, party, what
