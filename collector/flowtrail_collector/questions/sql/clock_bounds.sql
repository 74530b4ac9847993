-- clock_bounds: how far two hosts' clocks may be apart: the moment `t` of `host` lies between t + least_ns and t + most_ns
-- on the clock of `other`. The smallest delta one way bounds the difference on one side, the smallest the other way, be it
-- over other hosts, on the other; both must be known. A host is no distance from itself. Deltas that contradict each
-- other tell of a clock that was set meanwhile: then nothing is known of it.
WITH direct AS (
    SELECT host, other, delta_ns AS delta FROM clock_deltas
    UNION ALL
    SELECT DISTINCT host, host, 0 FROM ledger_rows WHERE host IS NOT NULL
),
over_one AS (
    SELECT a.host, b.other, min(a.delta + b.delta) AS delta
    FROM direct AS a
    JOIN direct AS b ON b.host = a.other
    GROUP BY a.host, b.other
),
over_three AS (
    SELECT a.host, b.other, min(a.delta + b.delta) AS delta
    FROM over_one AS a
    JOIN over_one AS b ON b.host = a.other
    GROUP BY a.host, b.other
)
SELECT f.host, f.other, -t.delta AS least_ns, f.delta AS most_ns
FROM over_three AS f
JOIN over_three AS t ON t.host = f.other AND t.other = f.host
WHERE f.host <> f.other
    AND NOT EXISTS (
        SELECT 1 FROM over_three AS c WHERE c.host = c.other AND c.delta < 0 AND (c.host = f.host OR c.host = f.other))
UNION ALL
SELECT DISTINCT host, host, 0, 0 FROM ledger_rows WHERE host IS NOT NULL
