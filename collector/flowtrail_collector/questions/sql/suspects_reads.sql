-- suspects_reads: stretches of records with which a group did not simply deal once, one after the other (from what lanes.py
-- and reads.py have found).
--
-- odd          processed again by the same instance, late or early (see lanes.py)
-- again        handed out twice: two receives overlap, or two instances had it
-- back         handed out after a later one, by one instance
-- unprocessed  handed out without a processing, in a group that tells of its processings; not the end of what was handed
--              out last, after which nothing came
-- missed       known to stand in the log, and not handed to a group that was below it and came past it
WITH crossed AS MATERIALIZED (
    SELECT l.grp, l.destination, l."partition", l.who, r.low, r.high, max(r.high) OVER (
            PARTITION BY l.grp, l.destination, l."partition" ORDER BY r.low, r.high, l.who
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
    FROM own_runs AS r
    JOIN lanes AS l ON l.lane = r.lane
),
tellers AS (
    SELECT DISTINCT destination, grp FROM group_members WHERE operation = 'process'
),
unislanded AS (
    SELECT lane, -1 AS low, min(low) - 1 AS high FROM islands GROUP BY lane
    UNION ALL
    SELECT lane, high + 1, coalesce(lead(low) OVER (PARTITION BY lane ORDER BY low) - 1, 9223372036854775807) FROM islands
    UNION ALL
    SELECT lane, -1, 9223372036854775807 FROM lanes WHERE spans = 0
),
acts AS (
    -- What comes after a receive, and says that its member went on or is gone.
    SELECT grp, destination, "partition", who, end_ns, generation, CAST(NULL AS BIGINT) AS committed
    FROM received
    UNION ALL
    SELECT grp, destination, "partition", who, end_ns, generation,
        CASE WHEN operation = 'settle' AND coalesce(position_reason, 'commit') = 'commit' THEN "position" END
    FROM told
    WHERE operation IN ('settle', 'assign', 'revoke')
),
last_acts AS (
    SELECT grp, destination, "partition", max(committed) AS committed, max(end_ns) FILTER (WHERE committed IS NULL) AS end_ns,
        count(DISTINCT who) AS owners, max(generation) AS generation,
        count(DISTINCT who) FILTER (WHERE generation IS NULL) AS untold
    FROM acts
    GROUP BY grp, destination, "partition"
),
last_owners AS (
    SELECT a.grp, a.destination, a."partition", count(DISTINCT a.who) AS owners
    FROM acts AS a
    JOIN last_acts AS l ON l.grp = a.grp AND l.destination = a.destination AND l."partition" = a."partition"
        AND l.generation = a.generation
    GROUP BY a.grp, a.destination, a."partition"
),
unprocessed AS (
    SELECT g.destination, g."partition", greatest(r.low, u.low) AS low, least(r.high, u.high) AS high,
        u.high = 9223372036854775807 AND coalesce(l.committed <= greatest(r.low, u.low), TRUE) AND l.end_ns <= r.end_ns
            AND (l.owners = 1 OR (l.untold = 0 AND l.generation = r.generation AND o.owners = 1)) AS under_way
    FROM receives AS r
    JOIN unislanded AS u ON u.lane = r.lane AND u.low <= r.high AND u.high >= r.low
    JOIN lanes AS g ON g.lane = r.lane
    JOIN tellers AS t ON t.destination = g.destination AND t.grp = g.grp
    JOIN last_acts AS l ON l.grp = g.grp AND l.destination = g.destination AND l."partition" = g."partition"
    LEFT JOIN last_owners AS o ON o.grp = g.grp AND o.destination = g.destination AND o."partition" = g."partition"
),
numbered AS (
    SELECT DISTINCT m.destination, m.grp
    FROM group_members AS m
    JOIN ledger_rows AS n ON coalesce(n.instance, 'service ' || n.service) = m.who AND n.last_number IS NOT NULL
),
reach AS (
    -- From where on a group had to read a partition, and how far it came.
    SELECT grp, destination, "partition", min("from") AS "from", max(until) AS until
    FROM (
        SELECT grp, destination, "partition",
            CASE WHEN operation <> 'settle' OR position_reason IN ('seek', 'reset') THEN "position" END AS "from",
            "position" AS until
        FROM told
        WHERE operation IN ('settle', 'assign', 'revoke') AND "position" IS NOT NULL
        UNION ALL
        SELECT grp, destination, "partition", low, high + 1 FROM crossed
        UNION ALL
        SELECT consumer_group, destination, "partition", NULL, "position" FROM committed_positions
        UNION ALL
        SELECT o.grp, s.destination, s."partition", NULL, s.log_start
        FROM log_starts AS s
        JOIN (SELECT DISTINCT grp, destination, "partition" FROM crossed) AS o
            ON o.destination = s.destination AND o."partition" = s."partition"
    ) AS told
    GROUP BY grp, destination, "partition"
),
held AS (
    SELECT grp, destination, "partition", low, high, reached FROM crossed
    UNION ALL
    SELECT grp, destination, "partition", until, until, NULL FROM reach WHERE until IS NOT NULL
),
holes AS (
    SELECT h.grp, h.destination, h."partition",
        greatest(coalesce(max(h.high) OVER (
            PARTITION BY h.grp, h.destination, h."partition" ORDER BY h.low, h.high
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + 1, r."from"), r."from") AS low,
        h.low - 1 AS high
    FROM held AS h
    JOIN reach AS r ON r.grp = h.grp AND r.destination = h.destination AND r."partition" = h."partition"
    JOIN numbered AS n ON n.grp = h.grp AND n.destination = h.destination
),
open_holes AS MATERIALIZED (
    SELECT DISTINCT grp, destination, "partition", low, high FROM holes WHERE low <= high
),
missed AS (
    SELECT DISTINCT o.destination, o."partition", e."offset" AS low, e."offset" AS high
    FROM open_holes AS o
    JOIN looked AS e ON e.destination = o.destination AND e."partition" = o."partition"
        AND e."offset" BETWEEN o.low AND o.high
    WHERE e.operation IN ('send', 'process')
    UNION ALL
    SELECT o.destination, o."partition", greatest(o.low, r.low), least(o.high, r.high)
    FROM open_holes AS o
    JOIN crossed AS r ON r.destination = o.destination AND r."partition" = o."partition" AND r.grp <> o.grp
        AND r.low <= o.high AND r.high >= o.low
)
SELECT l.destination, l."partition", m.place AS low, m.place AS high
FROM marks AS m
JOIN lanes AS l ON l.lane = m.lane
WHERE m.late OR m.early OR m.next = m.place
UNION ALL
SELECT destination, "partition", low, least(high, reached) FROM crossed WHERE low <= reached
UNION ALL
SELECT l.destination, l."partition", o.low, o.high
FROM handed_twice AS o
JOIN lanes AS l ON l.lane = o.lane
UNION ALL
SELECT l.destination, l."partition", t.low, least(t.high, greatest(t.reached, t.reached_by_number))
FROM returned AS t
JOIN lanes AS l ON l.lane = t.lane
WHERE t.low <= t.reached OR t.low <= t.reached_by_number
UNION ALL
-- Those that were handed out before it, and should not have been, may have been finished after it.
SELECT p.destination, p."partition", p."offset", p."offset"
FROM returned AS t
JOIN lanes AS l ON l.lane = t.lane
JOIN processed AS p ON p.grp = l.grp AND p.destination = l.destination AND p."partition" = l."partition" AND p.who = l.who
    AND p."offset" >= t.low AND p."offset" <= greatest(t.reached_in_turn, t.reached_in_turn_by_number)
    AND (p.end_ns > t.start_ns OR p.number > t.number)
WHERE t.low <= t.reached_in_turn OR t.low <= t.reached_in_turn_by_number
UNION ALL
SELECT destination, "partition", low, high FROM unprocessed WHERE NOT coalesce(under_way, FALSE)
UNION ALL
SELECT destination, "partition", low, high FROM missed
