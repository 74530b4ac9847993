-- leaps: seeks and resets that set a group forward, with the next offset it would have read before (`prior`). `own`: told
-- by a member while it was one, not by an administrator while the group was empty. Those of an administrator that the
-- broker was seen to be told are known by the assignment that followed (see moves).
-- empty unless: EXISTS (SELECT 1 FROM moves WHERE reason IN ('seek', 'reset') OR set_from IS NOT NULL)
WITH acts AS (
    SELECT grp, log, gen, ord, rank, CASE WHEN reason = 'handed' THEN "position" + 1 ELSE "position" END AS next_offset,
        "position", reason, ref, ns
    FROM sequenced
    WHERE "position" IS NOT NULL AND EXISTS (
        SELECT 1 FROM moves AS m
        WHERE m.grp = sequenced.grp AND m.log = sequenced.log
            AND (m.reason IN ('seek', 'reset') OR m.set_from IS NOT NULL))
),
in_order AS (
    SELECT
        *,
        lag(next_offset) OVER (PARTITION BY grp, log ORDER BY gen, ord, rank, "position", ref) AS prior
    FROM acts
)
SELECT o.grp, o.log, o.gen, o.ord, o.ref, o.reason, o."position", coalesce(m.set_from, o.prior) AS prior, o.ns AS start_ns,
    m.set_from IS NULL AND (NOT m.by_generation OR m.generation IS NOT NULL) AS own
FROM in_order AS o
JOIN moves AS m ON m.ref = o.ref AND m.grp = o.grp AND m.log = o.log
WHERE (o.reason IN ('seek', 'reset') OR m.set_from IS NOT NULL) AND coalesce(m.set_from, o.prior) < o."position"
