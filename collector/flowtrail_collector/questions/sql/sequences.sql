-- sequences: what each sequence covered. From `from_position` (the position it began at, where that is not known the lowest
-- offset handed out) to `high` (one past the furthest offset handed out or committed) its member read straight on: a
-- record in between was passed by it.
SELECT
    s.grp, s.log, s.who, s.seq,
    min(s.gen)                                                        AS gen,
    min(s.ord)                                                        AS first_ord,
    max(s.ord)                                                        AS last_ord,
    max(CASE WHEN s.reason = 'handed' THEN s."position" + 1 WHEN s.reason = 'commit' THEN s."position" END) AS high,
    max(CASE WHEN s.reason = 'handed' THEN s."position" + 1 END)       AS handed_high,
    coalesce(
        min(s."position") FILTER (WHERE s.reason IN ('assign', 'seek', 'reset')),
        min(s."position") FILTER (WHERE s.reason = 'handed'))         AS from_position,
    max(s."position") FILTER (WHERE s.reason = 'commit')              AS committed,
    max(s.ord) FILTER (WHERE s.reason = 'commit')                     AS committed_ord,
    min(s.reason) FILTER (WHERE s.reason IN ('assign', 'seek', 'reset')) AS begun_by,
    min(s.ord) FILTER (WHERE s.reason = 'revoke')                     AS revoked_ord,
    bool_or(i.dark)                                                   AS dark
FROM sequenced AS s
LEFT JOIN instances AS i ON i.who = s.who
GROUP BY s.grp, s.log, s.who, s.seq
