-- open_turns: deliveries in groups whose outcome is instrumented that have no processing: it began and never ended,
-- once the member went on. Each with what is known of the member afterwards.
--
-- went_on        a sequential member began a later record of the partition; one seen handling concurrently was handed
--                more of the partition or committed past the record
-- left_in_order  its partition was revoked from it, or it closed: all it did is known
-- gone           another member owned the partition in a later generation
-- vanished       and it gave no sign afterwards: a crash, whose tail may hold the missing processing (see tails)
-- passed         it committed past the record in the same ownership
-- empty unless: EXISTS (SELECT 1 FROM turns WHERE attempts = 0)
WITH unprocessed AS (
    SELECT t.*
    FROM turns AS t
    JOIN readers AS r ON r.grp = t.grp AND r.destination = t.destination AND r.system IS NOT DISTINCT FROM t.system
    WHERE t.attempts = 0 AND r.instrumented
),
marks AS (
    SELECT grp, log, who, "offset", CAST(NULL AS BIGINT) AS begun_ord, receive_ref, handed_end_ord FROM unprocessed
    UNION ALL
    SELECT a.grp, a.log, a.who, a."offset", a.ord_start, NULL, NULL
    FROM attempts AS a
    WHERE a."offset" IS NOT NULL AND EXISTS (
        SELECT 1 FROM unprocessed AS u WHERE u.grp = a.grp AND u.log = a.log AND u.who = a.who)
),
later AS (
    SELECT
        *,
        max(begun_ord) OVER (
            PARTITION BY grp, log, who ORDER BY "offset" DESC
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP
        ) AS last_begun_beyond
    FROM marks
),
polled AS (
    SELECT grp, log, who, handed_end_ord,
        lag(handed_end_ord) OVER (PARTITION BY grp, log, who ORDER BY handed_end_ord DESC) AS next_ord
    -- A processing whose receive was not looked at, or did not arrive, is no poll.
    FROM (
        SELECT DISTINCT grp, log, who, handed_end_ord FROM turns WHERE receive_ref IS NOT NULL OR number IS NULL
    ) AS t
),
gave_back AS (
    SELECT u.receive_ref, u.log, u."offset", min(r.ord_start) AS ord
    FROM unprocessed AS u
    JOIN positions AS r ON r.grp = u.grp AND r.log = u.log AND r.who = u.who AND r.reason = 'revoke'
        AND r.ord_start >= u.handed_end_ord
    GROUP BY u.receive_ref, u.log, u."offset"
),
followed AS (
    -- What the member was handed beyond it, not before it, and began after it was handed this. Not what it had been
    -- handed before: what is handed out against the offsets waits its turn.
    SELECT
        grp, log, who, "offset", receive_ref, handed_end_ord,
        max(CASE WHEN began_ord > handed_end_ord THEN handed_end_ord END) OVER beyond AS later_ord,
        max(CASE WHEN began_ord <= handed_end_ord THEN began_ord END) OVER beyond     AS at_once_ord
    FROM turns AS t
    WHERE EXISTS (SELECT 1 FROM unprocessed AS u WHERE u.grp = t.grp AND u.log = t.log AND u.who = t.who)
    WINDOW beyond AS (
        PARTITION BY grp, log, who ORDER BY "offset" DESC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP)
),
followed_in_time AS (
    -- Nor what it was handed in a later ownership: what it gave back it was not to finish.
    SELECT DISTINCT g.receive_ref, g.log, g."offset"
    FROM gave_back AS g
    JOIN unprocessed AS u ON u.receive_ref = g.receive_ref AND u.log = g.log AND u."offset" = g."offset"
    JOIN turns AS t ON t.grp = u.grp AND t.log = u.log AND t.who = u.who AND t."offset" > u."offset"
        AND t.handed_end_ord >= u.handed_end_ord AND t.began_ord > u.handed_end_ord AND t.handed_end_ord < g.ord
),
left_at AS (
    SELECT grp, log, who, max(ord_start) AS revoked_ord
    FROM positions
    WHERE reason = 'revoke'
    GROUP BY grp, log, who
),
owners AS (
    SELECT grp, log, who, max(generation) AS last_generation
    FROM positions
    WHERE reason = 'assign'
    GROUP BY grp, log, who
),
told AS (
    SELECT grp, log, who, gen, ord, 2 AS place, receive_ref, "offset", CAST(NULL AS BIGINT) AS committed FROM unprocessed
    UNION ALL
    -- Of what stands at one moment, commits come before what sets a member elsewhere, and what it was handed behind that.
    SELECT m.grp, m.log, m.who, m.gen, m.ord, CASE m.reason WHEN 'commit' THEN 0 ELSE 1 END, NULL, NULL,
        CASE m.reason WHEN 'commit' THEN m."position" END
    FROM moves AS m
    WHERE m.reason IN ('commit', 'assign', 'seek', 'reset', 'revoke') AND EXISTS (
        SELECT 1 FROM unprocessed AS u WHERE u.grp = m.grp AND u.log = m.log AND u.who = m.who)
),
sections AS (
    -- From one assign, seek, reset or revoke to the next, be it in the next generation: what a member keeps it owns on. (To
    -- look for one between each record and each commit is a product.)
    SELECT
        *,
        sum(CASE place WHEN 1 THEN 1 ELSE 0 END) OVER (
            PARTITION BY grp, log, who ORDER BY ord, place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS section
    FROM told
),
commits AS (
    SELECT
        receive_ref, "offset", place,
        max(committed) OVER (
            PARTITION BY grp, log, who, section ORDER BY ord DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS reached,
        max(committed) OVER (PARTITION BY grp, log, who, ord) AS reached_at_once
    FROM sections
)
SELECT
    u.*,
    i.who IS NULL OR coalesce(i.dark_until >= u.handed_ns, FALSE) AS hidden,
    i.last_ns                                       AS last_sign_ns,
    c.who IS NOT NULL                               AS concurrent,
    coalesce(k.reached > u."offset" OR k.reached_at_once > u."offset", FALSE) AS passed,
    CASE WHEN c.who IS NULL THEN coalesce(l.last_begun_beyond > u.handed_end_ord, FALSE)
             AND CASE WHEN g.ord IS NULL
                      THEN coalesce(f.later_ord >= u.handed_end_ord, FALSE) OR coalesce(f.at_once_ord > u.handed_end_ord, FALSE)
                      ELSE n.receive_ref IS NOT NULL END
         ELSE coalesce(p.next_ord < coalesce(g.ord, p.next_ord + 1), FALSE)
            OR coalesce(k.reached > u."offset" OR k.reached_at_once > u."offset", FALSE) END AS went_on,
    coalesce(v.revoked_ord > u.handed_end_ord, FALSE) OR coalesce(i.ended, FALSE) AS left_in_order,
    coalesce((
        SELECT max(o.last_generation) FROM owners AS o WHERE o.grp = u.grp AND o.log = u.log AND o.who <> u.who
    ) > u.generation, FALSE)                        AS gone,
    EXISTS (
        SELECT 1 FROM tails AS x WHERE x.grp = u.grp AND x.log = u.log AND x.who = u.who
    )                                               AS vanished
FROM unprocessed AS u
LEFT JOIN later AS l ON l.receive_ref = u.receive_ref AND l.log = u.log AND l."offset" = u."offset"
LEFT JOIN polled AS p ON p.grp = u.grp AND p.log = u.log AND p.who = u.who AND p.handed_end_ord = u.handed_end_ord
LEFT JOIN gave_back AS g ON g.receive_ref = u.receive_ref AND g.log = u.log AND g."offset" = u."offset"
LEFT JOIN followed AS f ON f.receive_ref = u.receive_ref AND f.log = u.log AND f."offset" = u."offset"
LEFT JOIN followed_in_time AS n ON n.receive_ref = u.receive_ref AND n.log = u.log AND n."offset" = u."offset"
LEFT JOIN left_at AS v ON v.grp = u.grp AND v.log = u.log AND v.who = u.who
LEFT JOIN commits AS k ON k.place = 2 AND k.receive_ref = u.receive_ref AND k."offset" = u."offset"
LEFT JOIN concurrent AS c ON c.who = u.who AND c.grp = u.grp
LEFT JOIN instances AS i ON i.who = u.who
