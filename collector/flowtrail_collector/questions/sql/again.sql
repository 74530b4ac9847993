-- again: consecutive deliveries of one record to one group. `replayed`: in between the group's position was moved back
-- to the record or below it, by seek, by reset, or from outside; then the second is wanted. Back, from beyond the record:
-- an owner that had yet to come to it (its assignment stood below, and it was reset to where the log starts by now) would
-- have been handed it all the same. Ties in time count as moved: the benign reading. `cause` is named only where the
-- evidence shows it:
--
--   retry       the first attempt failed or never ended
--   commit lost the same instance was handed it again, and its commit past the record was refused
--   restart     the instance that had it first left the group for good, and the second came after it: by generations;
--               where none are told, because it ended in order
--   rebalance   another member, or the generation changed
--
-- `tail_between`: an owner crashed in between, and its lost tail could hold a move backward.
-- empty unless: EXISTS (SELECT 1 FROM turns GROUP BY grp, log, "offset" HAVING count(*) > 1)
WITH repeated AS (
    SELECT grp, log, "offset" FROM turns GROUP BY grp, log, "offset" HAVING count(*) > 1
),
rows_in_order AS (
    SELECT
        t.*,
        row_number() OVER w          AS turn,
        lag(t.gen) OVER w            AS before_gen,
        lag(t.ord) OVER w            AS before_ord,
        lag(t.handed_ns) OVER w      AS before_ns,
        lag(t.who) OVER w            AS before_who,
        lag(t.member) OVER w         AS before_member,
        lag(t.generation) OVER w     AS before_generation,
        lag(t.outcome) OVER w        AS before_outcome,
        lag(t.receive_ref) OVER w    AS before_receive_ref,
        lag(t.process_refs) OVER w   AS before_process_refs
    FROM turns AS t
    JOIN repeated AS r ON r.grp = t.grp AND r.log = t.log AND r."offset" = t."offset"
    WINDOW w AS (
        PARTITION BY t.grp, t.log, t."offset" ORDER BY t.gen, t.ord, t.began_ord, t.receive_ref, t.process_refs
    )
),
back AS (
    SELECT r.grp, r.log, r."offset", r.turn, min(m.ref) AS move_ref, arg_max(m.reason, m.ord) AS move_reason,
        arg_max(m."position", m.ord) AS move_position
    FROM rows_in_order AS r
    JOIN moves AS m ON m.grp = r.grp AND m.log = r.log AND m.moved AND m."position" <= r."offset"
        AND (m.gen > r.before_gen OR (m.gen = r.before_gen AND m.ord >= r.before_ord))
        AND (m.gen < r.gen OR (m.gen = r.gen AND m.ord <= r.ord))
    WHERE r.turn > 1
        AND (m.outside OR m.prior IS NULL OR m.prior > r."offset" OR (m.who = r.before_who AND m.gen = r.before_gen)
            OR EXISTS (
                SELECT 1 FROM turns AS t
                WHERE t.grp = m.grp AND t.log = m.log AND t.who = m.who AND t.gen = m.gen AND t.ord <= m.ord
                    AND t."offset" > r."offset"))
    GROUP BY r.grp, r.log, r."offset", r.turn
),
unfinished_before AS (
    SELECT DISTINCT grp, log, "offset", receive_ref FROM open_turns WHERE went_on AND NOT hidden
),
tenure AS (
    SELECT grp, log, who, min(generation) AS first_generation, max(generation) AS last_generation
    FROM (
        SELECT grp, log, who, generation FROM turns
        UNION ALL
        SELECT grp, log, who, generation FROM positions
    ) AS t
    GROUP BY grp, log, who
),
whole_tenure AS (
    SELECT grp, who, min(first_generation) AS first_generation, max(last_generation) AS last_generation
    FROM tenure
    GROUP BY grp, who
),
failed_commits AS (
    SELECT grp, log, who, max("position") AS "position", min(ref) AS ref
    FROM placed
    WHERE operation = 'settle' AND status = 2 AND "position" IS NOT NULL AND log IS NOT NULL
    GROUP BY grp, log, who
)
SELECT
    r.*,
    b.move_ref IS NOT NULL AS replayed,
    b.move_ref, b.move_reason, b.move_position,
    CASE
        WHEN r.turn = 1 THEN NULL
        WHEN r.before_outcome = 'failed' OR u.receive_ref IS NOT NULL THEN 'retry'
        WHEN f.ref IS NOT NULL AND r.who = r.before_who THEN 'commit lost'
        WHEN r.who <> r.before_who AND w2.first_generation > w1.last_generation THEN 'restart'
        WHEN r.who <> r.before_who AND r.generation IS NULL AND r.before_generation IS NULL AND i.ended THEN 'restart'
        WHEN r.member <> r.before_member OR r.generation <> r.before_generation THEN 'rebalance'
        WHEN f.ref IS NOT NULL THEN 'commit lost'
    END AS cause,
    EXISTS (
        SELECT 1 FROM tails AS x
        WHERE x.grp = r.grp AND x.log = r.log AND x.gen >= r.before_gen AND x.gen <= r.gen
            -- What the second owner itself did after its last span came after this.
            AND (x.gen < r.gen OR x.who <> r.who)
    ) AS tail_between
FROM rows_in_order AS r
LEFT JOIN back AS b ON b.grp = r.grp AND b.log = r.log AND b."offset" = r."offset" AND b.turn = r.turn
LEFT JOIN unfinished_before AS u ON u.grp = r.grp AND u.log = r.log AND u."offset" = r."offset"
    AND u.receive_ref = r.before_receive_ref
LEFT JOIN whole_tenure AS w1 ON w1.grp = r.grp AND w1.who = r.before_who
LEFT JOIN whole_tenure AS w2 ON w2.grp = r.grp AND w2.who = r.who
LEFT JOIN instances AS i ON i.who = r.before_who
LEFT JOIN failed_commits AS f ON f.grp = r.grp AND f.log = r.log AND f.who = r.before_who AND f."position" > r."offset"
