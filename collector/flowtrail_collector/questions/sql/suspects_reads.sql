-- suspects_reads: stretches of records with which a group did not simply deal once, one after the other.
--
-- odd          processed again by the same instance, late or early (see lanes.py)
-- again        handed out twice: two receives overlap, or two instances had it
-- back         handed out after a later one, by one instance
-- unprocessed  handed out without a processing, in a group that tells of its processings; not the end of what was handed
--              out last, after which nothing came
-- missed       known to stand in the log, and not handed to a group that was below it and came past it
WITH islands AS MATERIALIZED (
    -- What an instance processed, without holes: each goes up to a mark with a hole above it.
    SELECT l.grp, l.destination, l."partition", l.who, m.place AS high,
        coalesce(lead(m.next) OVER (PARTITION BY m.lane ORDER BY m.place DESC), l.bottom) AS low
    FROM marks AS m
    JOIN lanes AS l ON l.lane = m.lane
    WHERE m.next IS NULL OR m.next > m.place + 1
),
receives AS MATERIALIZED (
    SELECT
        grp, destination, "partition", who, start_ns, end_ns, number, generation,
        TRY_CAST(split_part(run, '-', 1) AS BIGINT) AS low,
        coalesce(TRY_CAST(nullif(split_part(run, '-', 2), '') AS BIGINT), TRY_CAST(split_part(run, '-', 1) AS BIGINT)) AS high
    FROM (
        SELECT *, unnest(string_split(
            coalesce(offset_runs, "offset"::VARCHAR || '-' || coalesce(offset_last, "offset")::VARCHAR), ',')) AS run
        FROM received
    ) AS r
),
own AS (
    SELECT *, max(high) OVER (
            PARTITION BY grp, destination, "partition", who ORDER BY low, high ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached
    FROM (
        SELECT grp, destination, "partition", who, low, high FROM islands
        UNION ALL
        SELECT grp, destination, "partition", who, low, high FROM receives
    ) AS held
),
own_runs AS MATERIALIZED (
    SELECT grp, destination, "partition", who, min(low) AS low, max(high) AS high
    FROM (
        SELECT *, sum(CASE WHEN low <= reached + 1 THEN 0 ELSE 1 END) OVER (
            PARTITION BY grp, destination, "partition", who ORDER BY low, high ROWS UNBOUNDED PRECEDING) AS run
        FROM own
    ) AS o
    GROUP BY grp, destination, "partition", who, run
),
crossed AS MATERIALIZED (
    SELECT *, max(high) OVER (
            PARTITION BY grp, destination, "partition" ORDER BY low, high, who ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached
    FROM own_runs
),
overlapping AS (
    SELECT destination, "partition", low, high, max(high) OVER (
            PARTITION BY grp, destination, "partition", who ORDER BY low, high, start_ns
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
    FROM receives
),
told_in_turn AS (
    -- Receives among the moves that begin a sequence anew, by the clock and by the numbers of the instance.
    SELECT
        *,
        sum(moved) OVER (PARTITION BY grp, destination, "partition", who ORDER BY at_ns, moved DESC, low) AS seq,
        sum(moved) OVER (PARTITION BY grp, destination, "partition", who ORDER BY number, moved DESC, low) AS seq_by_number
    FROM (
        SELECT grp, destination, "partition", who, low, high, start_ns, end_ns AS at_ns, number, 0 AS moved
        FROM receives
        UNION ALL
        SELECT grp, destination, "partition", who, NULL, NULL, start_ns, start_ns, number, 1
        FROM looked
        WHERE operation = 'assign' OR position_reason IN ('seek', 'reset')
    ) AS t
),
in_time AS (
    SELECT grp, destination, "partition", who, low, high, start_ns, number,
        max(high) OVER (PARTITION BY grp, destination, "partition", who ORDER BY at_ns, low
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached,
        max(high) OVER (PARTITION BY grp, destination, "partition", who ORDER BY number, low
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached_by_number,
        max(high) OVER (PARTITION BY grp, destination, "partition", who, seq ORDER BY at_ns, low
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached_in_turn,
        max(high) OVER (PARTITION BY grp, destination, "partition", who, seq_by_number ORDER BY number, low
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached_in_turn_by_number
    FROM told_in_turn
    WHERE moved = 0
),
tellers AS (
    SELECT DISTINCT destination, grp FROM group_members WHERE operation = 'process'
),
unislanded AS (
    SELECT grp, destination, "partition", who, -1 AS low, min(low) - 1 AS high FROM islands
    GROUP BY grp, destination, "partition", who
    UNION ALL
    SELECT grp, destination, "partition", who, high + 1, coalesce(lead(low) OVER (
            PARTITION BY grp, destination, "partition", who ORDER BY low) - 1, 9223372036854775807)
    FROM islands
    UNION ALL
    SELECT DISTINCT r.grp, r.destination, r."partition", r.who, -1, 9223372036854775807
    FROM receives AS r
    WHERE NOT EXISTS (
        SELECT 1 FROM islands AS i
        WHERE i.grp = r.grp AND i.destination = r.destination AND i."partition" = r."partition" AND i.who = r.who)
),
acts AS (
    -- What comes after a receive, and says that its member went on or is gone.
    SELECT grp, destination, "partition", who, end_ns, generation, CAST(NULL AS BIGINT) AS committed
    FROM received
    UNION ALL
    SELECT grp, destination, "partition", who, end_ns, generation,
        CASE WHEN operation = 'settle' AND coalesce(position_reason, 'commit') = 'commit' THEN "position" END
    FROM looked
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
    SELECT r.grp, r.destination, r."partition", r.who, greatest(r.low, u.low) AS low, least(r.high, u.high) AS high,
        u.high = 9223372036854775807 AND coalesce(l.committed <= greatest(r.low, u.low), TRUE) AND l.end_ns <= r.end_ns
            AND (l.owners = 1 OR (l.untold = 0 AND l.generation = r.generation AND o.owners = 1)) AS under_way
    FROM receives AS r
    JOIN tellers AS t ON t.destination = r.destination AND t.grp = r.grp
    JOIN unislanded AS u ON u.grp = r.grp AND u.destination = r.destination AND u."partition" = r."partition"
        AND u.who = r.who AND u.low <= r.high AND u.high >= r.low
    JOIN last_acts AS l ON l.grp = r.grp AND l.destination = r.destination AND l."partition" = r."partition"
    LEFT JOIN last_owners AS o ON o.grp = r.grp AND o.destination = r.destination AND o."partition" = r."partition"
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
        FROM looked
        WHERE operation IN ('settle', 'assign', 'revoke') AND "position" IS NOT NULL
        UNION ALL
        SELECT grp, destination, "partition", low, high + 1 FROM own_runs
        UNION ALL
        SELECT consumer_group, destination, "partition", NULL, "position" FROM committed_positions
        UNION ALL
        SELECT o.grp, s.destination, s."partition", NULL, s.log_start
        FROM log_starts AS s
        JOIN (SELECT DISTINCT grp, destination, "partition" FROM own_runs) AS o
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
    JOIN own_runs AS r ON r.destination = o.destination AND r."partition" = o."partition" AND r.grp <> o.grp
        AND r.low <= o.high AND r.high >= o.low
)
SELECT l.destination, l."partition", m.place AS low, m.place AS high
FROM marks AS m
JOIN lanes AS l ON l.lane = m.lane
WHERE m.late OR m.early OR m.next = m.place
UNION ALL
SELECT destination, "partition", low, least(high, reached) FROM crossed WHERE low <= reached
UNION ALL
SELECT destination, "partition", low, least(high, reached) FROM overlapping WHERE low <= reached
UNION ALL
SELECT destination, "partition", low, least(high, greatest(reached, reached_by_number)) FROM in_time
WHERE low <= reached OR low <= reached_by_number
UNION ALL
-- Those that were handed out before it, and should not have been, may have been finished after it.
SELECT p.destination, p."partition", p."offset", p."offset"
FROM in_time AS t
JOIN processed AS p ON p.grp = t.grp AND p.destination = t.destination AND p."partition" = t."partition" AND p.who = t.who
    AND p."offset" >= t.low AND p."offset" <= greatest(t.reached_in_turn, t.reached_in_turn_by_number)
    AND (p.end_ns > t.start_ns OR p.number > t.number)
WHERE t.low <= t.reached_in_turn OR t.low <= t.reached_in_turn_by_number
UNION ALL
SELECT destination, "partition", low, high FROM unprocessed WHERE NOT coalesce(under_way, FALSE)
UNION ALL
SELECT destination, "partition", low, high FROM missed
