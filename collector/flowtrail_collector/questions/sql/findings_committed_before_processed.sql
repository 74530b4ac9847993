-- committed-before-processed: the position passed the record before its processing ended, in the ownership that was
-- handed it, and no processing of it had failed before. A crash in between loses the event without a trace.
--
-- Not given where the end was inferred: a loop that commits at the end of its body comes back for the next message only
-- after the commit, so its processing seems to last longer than it did.
-- empty unless: EXISTS (SELECT 1 FROM turns AS t JOIN moves AS m ON m.grp = t.grp AND m.log = t.log AND m.who = t.who WHERE m.reason = 'commit' AND m."position" > t."offset" AND m.gen >= t.gen AND m.ord >= t.ord AND m.ord < CASE WHEN t.by_generation THEN t.first_end_ord ELSE t.first_end_ns END)
WITH early AS (
    SELECT t.grp, t.log, t."offset", t.who, t.gen, t.ord, min(c.ord) AS commit_ord, arg_min(c.ref, c.ord) AS commit_ref,
        min(c.ns) AS commit_ns
    FROM turns AS t
    JOIN sequenced AS s ON s.grp = t.grp AND s.log = t.log AND s.who = t.who AND s.reason = 'handed'
        AND s."position" = t."offset" AND s.gen = t.gen AND s.ord = t.ord
    JOIN sequenced AS c ON c.grp = s.grp AND c.log = s.log AND c.who = s.who AND c.seq = s.seq AND c.reason = 'commit'
        AND c."position" > s."position" AND c.gen >= s.gen AND c.ord >= s.ord
    WHERE t.attempts > 0
        -- What a member keeps when the group is rebalanced it owns on, in the next generation; what it gave up it does not.
        AND NOT EXISTS (
            SELECT 1 FROM moves AS m
            WHERE m.grp = s.grp AND m.log = s.log AND m.who = s.who AND m.reason = 'revoke' AND m.ord > s.ord
                AND m.ord < c.ord)
    GROUP BY t.grp, t.log, t."offset", t.who, t.gen, t.ord
),
failed_before AS (
    SELECT grp, log, "offset", min(end_ns) AS failed_ns FROM attempts WHERE failed GROUP BY grp, log, "offset"
)
SELECT
    'committed-before-processed' AS kind,
    'warning' AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    t.system, t.destination, t."partition", [t."offset"] AS offsets, t.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, t.instance,
    CASE WHEN r.message_id IS NULL THEN [] ELSE [r.message_id] END AS message_ids,
    1 AS count, e.commit_ns AS first_ns, t.ended_ns AS last_ns, 'A' AS grade,
    list_sort(list_distinct(list_concat([e.commit_ref], t.process_refs))) AS evidence,
    t.grp || ' committed past this event before it had handled it: a crash in between would have lost it' AS summary,
    r.event
FROM early AS e
JOIN turns AS t ON t.grp = e.grp AND t.log = e.log AND t."offset" = e."offset" AND t.who = e.who
    AND t.gen = e.gen AND t.ord = e.ord
JOIN records AS r ON r.log = t.log AND r."offset" = t."offset"
LEFT JOIN failed_before AS f ON f.grp = t.grp AND f.log = t.log AND f."offset" = t."offset"
WHERE t.number IS NOT NULL AND NOT coalesce(t.inferred, FALSE) AND CASE WHEN t.by_generation THEN t.first_end_ord ELSE t.first_end_ns END > e.commit_ord
    AND (f.failed_ns IS NULL OR f.failed_ns > e.commit_ns)
