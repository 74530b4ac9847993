-- suspects_handed: what the lanes $1 to $2 were handed (0) and had processed (1), and the moves by which they began anew (2).
-- Nothing is null: what is not numbered comes last; no record stands at the largest number, and a move reaches nothing.
SELECT lane, 0 AS what, coalesce(low, 9223372036854775807) AS low, coalesce(high, -1) AS high, start_ns,
    end_ns AS at_ns, coalesce(number, 9223372036854775807) AS number
FROM receives
WHERE lane BETWEEN $1 AND $2
UNION ALL
SELECT lane, 1, low, high, 0, 0, 0 FROM islands WHERE lane BETWEEN $1 AND $2
UNION ALL
SELECT l.lane, 2, 9223372036854775807, -1, t.start_ns, t.start_ns, coalesce(t.number, 9223372036854775807)
FROM told AS t
JOIN lanes AS l ON l.grp IS NOT DISTINCT FROM t.grp AND l.destination = t.destination AND l."partition" = t."partition"
    AND l.who IS NOT DISTINCT FROM t.who
WHERE (t.operation = 'assign' OR t.position_reason IN ('seek', 'reset')) AND l.lane BETWEEN $1 AND $2
