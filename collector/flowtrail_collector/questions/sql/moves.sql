-- moves: positions of a group in a partition in the same order as its deliveries (`gen`, `ord`), see generations.
--
-- A reset without a generation comes from outside (an administrator's tool, which acts while the group is empty): it
-- stands before the assign at its position.
--
-- `outside` marks an assign below the group's last acknowledged position: somebody moved the group back while it was
-- away. `set_from` is where the group stood before the position that it is assigned was committed while nobody was a
-- member, as the broker was seen to tell (see sampled_resets): back from there it was moved as well, and forward (see
-- leaps), which no member's word shows. `moved` marks what sets a group elsewhere by will: seek, reset, and such an assign. A reset that only tells how
-- its owner's assignment came by its position, in a group that has never committed (it begins at `earliest`, as it does
-- after a crash before its first commit), moves nothing, whether it is told before the assignment or after it.
--
-- `prior`: where the same owner was set before, by its assignment, a seek or a reset.
WITH anchors AS (
    SELECT r.ref, min(a.generation) AS generation, arg_min(a.ord_start, a.generation) - 1 AS ord,
        arg_min(a.start_ns, a.generation) - 1 AS ns
    FROM positions AS r
    JOIN positions AS a ON a.grp = r.grp AND a.log = r.log AND a.reason = 'assign' AND a."position" = r."position"
        AND a.generation IS NOT NULL AND a.start_ns >= r.start_ns
    WHERE r.reason = 'reset' AND r.generation IS NULL
    GROUP BY r.ref
),
keyed AS (
    SELECT
        p.*,
        coalesce(g.by_generation, FALSE) AS by_generation,
        CASE WHEN g.by_generation THEN coalesce(p.generation, a.generation, 0) ELSE 0 END AS gen,
        CASE
            WHEN g.by_generation AND p.generation IS NULL THEN coalesce(a.ord, p.ord_start)
            WHEN g.by_generation AND p.reason = 'commit'  THEN p.ord_end
            WHEN g.by_generation                          THEN p.ord_start
            WHEN p.reason = 'commit'                      THEN p.end_ns
            ELSE p.start_ns
        END AS ord
    FROM positions AS p
    LEFT JOIN generations AS g ON g.grp = p.grp AND g.log = p.log
    LEFT JOIN anchors AS a ON a.ref = p.ref
),
commits AS (
    SELECT
        grp, log, "position",
        row_number() OVER (PARTITION BY grp, log ORDER BY gen, ord, "position", ref) AS nth
    FROM keyed
    WHERE reason = 'commit'
),
counted AS (
    SELECT
        *,
        count(CASE WHEN reason = 'commit' THEN 1 END) OVER (
            PARTITION BY grp, log ORDER BY gen, ord, reason, "position", ref
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS commits_before
    FROM keyed
),
own AS (
    SELECT ref, grp, log, lag("position") OVER (PARTITION BY grp, log, who, generation ORDER BY ord_start, ref) AS prior
    FROM positions
    WHERE reason IN ('assign', 'seek', 'reset')
),
administered AS (
    SELECT p.ref, p.grp, p.log, min(r.before) AS set_from
    FROM positions AS p
    JOIN vacancies AS v ON v.grp = p.grp AND v.log = p.log AND v.gen = p.generation AND v.member = p.member
    JOIN sampled_resets AS r ON r.consumer_group = p.grp AND r.destination = p.destination
        AND r."partition" = p."partition" AND r.cluster_id IS NOT DISTINCT FROM v.cluster_id
        AND r.absence > v.absences_before AND r.absence <= v.absences AND r."position" = p."position"
    WHERE p.reason = 'assign'
    GROUP BY p.ref, p.grp, p.log
),
acknowledged AS (
    SELECT k.*, c."position" AS last_commit, o.prior, x.set_from
    FROM counted AS k
    LEFT JOIN commits AS c ON c.grp = k.grp AND c.log = k.log AND c.nth = k.commits_before
    LEFT JOIN own AS o ON o.ref = k.ref AND o.grp = k.grp AND o.log = k.log
    LEFT JOIN administered AS x ON x.ref = k.ref AND x.grp = k.grp AND x.log = k.log
)
SELECT
    k.*,
    k.reason = 'assign' AND coalesce(k."position" < k.last_commit OR k."position" < k.set_from, FALSE) AS outside,
    k.reason = 'seek'
        OR (k.reason = 'assign' AND coalesce(k."position" < k.last_commit OR k."position" < k.set_from, FALSE))
        OR (k.reason = 'reset' AND NOT (k.last_commit IS NULL AND EXISTS (
            SELECT 1 FROM positions AS a
            WHERE a.reason = 'assign' AND a.grp = k.grp AND a.log = k.log AND a."position" = k."position"
                AND (
                    -- The owner has been handed nothing since its assignment at that very position.
                    (a.who = k.who AND a.generation IS NOT DISTINCT FROM k.generation AND a.ord_start <= k.ord_start
                        AND NOT EXISTS (
                            SELECT 1 FROM deliveries AS d
                            WHERE d.grp = k.grp AND d.log = k.log AND d.who = k.who
                                AND d.handed_end_ord >= a.ord_start AND d.handed_end_ord < k.ord_start))
                    -- Or it is told before the assignment.
                    OR (k.generation IS NULL AND a.generation IS NOT NULL AND a.start_ns >= k.start_ns)))))
        AS moved
FROM acknowledged AS k
