-- latency_readers: the expected groups of each destination: those that told anything of it within the time that is
-- asked about, that the broker knows to have committed there, or that are declared.
--
-- `dark`: some instance of it may hide what it did, so that nothing follows from what was not seen. `tells`: its
-- processings are instrumented.
WITH hiding_ones AS (
    SELECT
        coalesce(instance, 'service ' || service) AS who,
        max(last_number) IS NULL OR sum(numbered) < max(last_number) OR coalesce(max(dropped), 0) > 0
            OR coalesce(sum(dropped_links), 0) > 0 AS dark
    FROM ledger_rows
    GROUP BY coalesce(instance, 'service ' || service)
),
dests AS (
    SELECT DISTINCT dest, system, destination FROM latency_sites
),
told AS (
    SELECT d.dest, m.grp, bool_and(m.assumed) AS assumed, bool_or(h.dark) AS dark,
        bool_or(m.operation = 'process') AS tells, max(m.last_ns) AS last_ns
    FROM group_members AS m
    JOIN dests AS d ON d.system IS NOT DISTINCT FROM m.system AND d.destination = m.destination
    JOIN hiding_ones AS h ON h.who = m.who
    WHERE m.grp IS NOT NULL
    GROUP BY d.dest, m.grp
),
others AS (
    SELECT d.dest, b.consumer_group AS grp
    FROM committed_positions AS b
    JOIN dests AS d ON d.system = 'kafka' AND d.destination = b.destination
    WHERE b."position" IS NOT NULL AND b.at_ns >= $since
    UNION
    SELECT d.dest, c.consumer_group
    FROM declaration_rows AS c
    JOIN dests AS d ON d.destination = c.destination
    WHERE c.kind = 'group'
)
SELECT t.dest, p.party, t.grp, t.assumed, t.dark, t.tells
FROM told AS t
JOIN (SELECT DISTINCT party, grp FROM latency_sites) AS p ON p.grp = t.grp
WHERE t.last_ns >= $since OR EXISTS (SELECT 1 FROM latency_firsts AS f WHERE f.dest = t.dest AND f.party = p.party)
    OR EXISTS (SELECT 1 FROM others AS o WHERE o.dest = t.dest AND o.grp = t.grp)
UNION ALL
SELECT o.dest, -dense_rank() OVER (ORDER BY o.grp), o.grp, FALSE, TRUE, FALSE
FROM others AS o
WHERE NOT EXISTS (SELECT 1 FROM told AS t WHERE t.dest = o.dest AND t.grp = o.grp)
