-- tails: what a crash may have swallowed. An instance that owned a partition, never said that it left it, and gave no
-- sign after the next owner's assignment began, may have done anything between its last span and that assignment:
-- from the offset it had reached (`from_offset`), with records that were there by then (`until_ns`, by the clock of
-- `until_host`). Moments on two hosts' clocks are compared within their bound; where none is known, not at all.
-- empty unless: EXISTS (SELECT 1 FROM sequenced GROUP BY grp, log HAVING count(DISTINCT who) > 1)
WITH owned AS (
    SELECT grp, log, who, max(gen) AS gen, max(ord) AS last_ord,
        max(CASE WHEN reason = 'handed' THEN "position" + 1 ELSE "position" END) AS reached
    FROM sequenced
    WHERE reason IN ('handed', 'assign', 'commit', 'seek', 'reset')
    GROUP BY grp, log, who
),
assigned AS (
    SELECT grp, log, who, gen, ns, ord FROM (
        SELECT grp, log, who, gen, start_ns AS ns, ord FROM moves WHERE reason = 'assign'
        UNION ALL
        SELECT grp, log, who, gen, handed_ns, ord FROM turns
    ) AS a
),
left_in_order AS (
    SELECT m.grp, m.log, m.who, max(m.gen) AS gen, max(m.ord) AS ord
    FROM moves AS m WHERE m.reason = 'revoke' GROUP BY m.grp, m.log, m.who
),
followed AS (
    SELECT o.grp, o.log, o.who, o.gen, o.reached,
        min(a.ns)              AS until_ns,
        arg_min(a.who, a.ns)   AS next_who
    FROM owned AS o
    JOIN assigned AS a ON a.grp = o.grp AND a.log = o.log AND a.who <> o.who
        AND (a.gen > o.gen OR (a.gen = o.gen AND a.ord > o.last_ord))
    GROUP BY o.grp, o.log, o.who, o.gen, o.reached
)
SELECT f.grp, f.log, f.who, f.gen, f.reached AS from_offset, f.until_ns, y.host AS until_host
FROM followed AS f
LEFT JOIN left_in_order AS l ON l.grp = f.grp AND l.log = f.log AND l.who = f.who
LEFT JOIN instances AS x ON x.who = f.who
LEFT JOIN instances AS y ON y.who = f.next_who
LEFT JOIN clock_bounds AS b ON b.host = x.host AND b.other = y.host
WHERE (l.who IS NULL OR l.gen < f.gen)
    AND NOT coalesce(x.ended, FALSE)
    AND NOT coalesce(x.last_ns + b.least_ns >= f.until_ns, FALSE)
