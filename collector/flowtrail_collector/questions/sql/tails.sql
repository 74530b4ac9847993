-- tails: what a crash may have swallowed. An instance that owned a partition, never said that it left it, and gave no
-- sign after the next owner's assignment began, may have done anything between its last span and that assignment:
-- from the offset it had reached (`from_offset`), with records that were there by then (`until_ns`, by the clock of
-- `until_host`; `next_member` is whose assignment it was). Moments on two hosts' clocks are compared within their bound; where none is known, not at all.
--
-- So may an owner of which nothing at all arrived: where the next owner known came more than one generation after the
-- one before had left, somebody may have owned the partition in between, and read it from anywhere. Two generations on
-- is what a group goes that was empty for a while (kafka-python joins twice): granted to a process that ended in order.
-- Where the broker was seen to have nobody in that time there was nobody (see vacancies).
-- empty unless: EXISTS (SELECT 1 FROM sequenced GROUP BY grp, log HAVING count(DISTINCT who) > 1)
WITH owned AS (
    SELECT grp, log, who, max(gen) AS gen, max(ord) AS last_ord,
        max(CASE WHEN reason = 'handed' THEN "position" + 1 ELSE "position" END) AS reached
    FROM sequenced
    WHERE reason IN ('handed', 'assign', 'commit', 'seek', 'reset')
    GROUP BY grp, log, who
),
assigned AS (
    SELECT grp, log, who, member, gen, ns, ord FROM (
        SELECT grp, log, who, member, gen, start_ns AS ns, ord FROM moves WHERE reason = 'assign'
        UNION ALL
        SELECT grp, log, who, member, gen, handed_ns, ord FROM turns
    ) AS a
),
left_in_order AS (
    SELECT m.grp, m.log, m.who, max(m.gen) AS gen, max(m.ord) AS ord
    FROM moves AS m WHERE m.reason = 'revoke' GROUP BY m.grp, m.log, m.who
),
acts AS (
    SELECT s.grp, s.log, s.who, s.member, s.gen, s.reason, s.ns,
        lag(s.who) OVER in_order AS before_who, lag(s.gen) OVER in_order AS before_gen,
        lag(s.reason) OVER in_order AS before_reason
    FROM sequenced AS s
    JOIN generations AS g ON g.grp = s.grp AND g.log = s.log AND g.by_generation
    WHERE s.reason IN ('handed', 'assign', 'commit', 'revoke')
    WINDOW in_order AS (PARTITION BY s.grp, s.log ORDER BY s.gen, s.ord, s.rank, s."position", s.ref)
),
unseen AS (
    SELECT a.grp, a.log, a.before_who AS who, a.before_gen AS gen, a.ns AS until_ns, a.who AS next_who, a.member AS next_member
    FROM acts AS a
    LEFT JOIN instances AS i ON i.who = a.before_who
    WHERE (a.who <> a.before_who OR a.before_reason = 'revoke')
        AND a.gen > a.before_gen + CASE WHEN i.ended AND a.who <> a.before_who THEN 3 ELSE 1 END
        AND NOT EXISTS (
            SELECT 1 FROM vacancies AS v
            WHERE v.grp = a.grp AND v.log = a.log AND v.gen = a.gen AND v.member = a.member AND v.gen = a.before_gen + 2)
),
followed AS (
    SELECT o.grp, o.log, o.who, o.gen, o.reached,
        min(a.ns)              AS until_ns,
        arg_min(a.who, a.ns)   AS next_who,
        arg_min(a.member, a.ns) AS next_member
    FROM owned AS o
    JOIN assigned AS a ON a.grp = o.grp AND a.log = o.log AND a.who <> o.who
        AND (a.gen > o.gen OR (a.gen = o.gen AND a.ord > o.last_ord))
    GROUP BY o.grp, o.log, o.who, o.gen, o.reached
)
SELECT f.grp, f.log, f.who, f.gen, f.reached AS from_offset, f.until_ns, y.host AS until_host, f.next_member
FROM followed AS f
LEFT JOIN left_in_order AS l ON l.grp = f.grp AND l.log = f.log AND l.who = f.who
LEFT JOIN instances AS x ON x.who = f.who
LEFT JOIN instances AS y ON y.who = f.next_who
LEFT JOIN clock_bounds AS b ON b.host = x.host AND b.other = y.host
WHERE (l.who IS NULL OR l.gen < f.gen)
    AND NOT coalesce(x.ended, FALSE)
    AND NOT coalesce(x.last_ns + b.least_ns >= f.until_ns, FALSE)
UNION ALL
SELECT u.grp, u.log, u.who, u.gen, 0, u.until_ns, y.host, u.next_member
FROM unseen AS u
LEFT JOIN instances AS y ON y.who = u.next_who
