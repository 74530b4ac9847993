-- passed: records of which a group was handed nothing, although it came past them.
--
-- read past   within one ownership a member held a position at or below the record, then was handed or committed beyond
--             it, with no assign, seek or reset in between. `beyond`: it was handed a later record. A jump from one owner
--             to the next proves nothing and is not here
-- moved past  a seek or reset set the group from a position at or below the record to one above it, as a member told or
--             the broker of a group that was away. `own_reset`: its member was reset, as a client is whose position is no
--             longer in the log; not an administrator's doing
--
-- expired     the position is at or below the record, and the broker's log start beyond it, while nobody of the group owns
--             the partition: who does may have been handed the record and not told yet
--
-- `excused` says why this may be as it should: its transaction is not known to be committed, or its producer's
-- instrumentation tells of none (it may have been aborted); the topic was created anew
-- without our seeing which of its records are whose; or it may have been compacted away, because a later record of its
-- key is known or in doubt, or may hide in a hole of whoever sends there, or its key is not known, and the broker did not
-- say that the topic is not compacted.
-- `compacted`: the broker says that it is, the later record is known, and nobody was ever handed this one.
--
-- Whether all was seen of the group is not decided here: see consumed and findings_lost.
-- empty unless: EXISTS (SELECT 1 FROM sequences)
WITH unhanded AS (
    SELECT DISTINCT p.log, p."offset", p.destination, p.system, p.cluster, p.message_key, r.grp
    FROM places AS p
    JOIN readers AS r ON r.destination = p.destination AND r.system IS NOT DISTINCT FROM p.system
    WHERE r.traced AND NOT p.conflict AND NOT EXISTS (
            SELECT 1 FROM turns AS t WHERE t.grp = r.grp AND t.log = p.log AND t."offset" = p."offset")
        AND NOT EXISTS (
            SELECT 1 FROM handed AS h WHERE h.grp = r.grp AND h.log = p.log AND h."offset" = p."offset")
),
read_past AS (
    SELECT
        u.*, s.who, s.seq, s.handed_high > u."offset" AS beyond,
        row_number() OVER (
            PARTITION BY u.grp, u.log, u."offset" ORDER BY s.handed_high > u."offset" DESC, s.gen, s.first_ord, s.who, s.seq
        ) AS place
    FROM unhanded AS u
    JOIN sequences AS s ON s.grp = u.grp AND s.log = u.log AND s.from_position <= u."offset" AND s.high > u."offset"
),
moved_past AS (
    SELECT
        u.*, m.ref, m.reason, m.own, m.start_ns,
        row_number() OVER (PARTITION BY u.grp, u.log, u."offset" ORDER BY m.gen, m.ord, m.ref) AS place
    FROM unhanded AS u
    JOIN leaps AS m ON m.grp = u.grp AND m.log = u.log AND m.prior <= u."offset" AND m."position" > u."offset"
    WHERE NOT EXISTS (
        SELECT 1 FROM read_past AS r WHERE r.grp = u.grp AND r.log = u.log AND r."offset" = u."offset")
),
acts AS (
    -- What shows that it was read past: the last act of the sequence at or below it and the first beyond it.
    SELECT
        r.grp, r.log, r."offset", r.beyond, r.who,
        arg_max(s.ref, s."position") FILTER (WHERE s."position" <= r."offset") AS below_ref,
        coalesce(
            arg_min(s.ref, s."position") FILTER (WHERE s.reason = 'handed' AND s."position" > r."offset"),
            arg_min(s.ref, s."position") FILTER (WHERE s.reason = 'commit' AND s."position" > r."offset")
        ) AS beyond_ref,
        coalesce(
            min(s.ns) FILTER (WHERE s.reason = 'handed' AND s."position" > r."offset"),
            min(s.ns) FILTER (WHERE s.reason = 'commit' AND s."position" > r."offset")
        ) AS at_ns
    FROM read_past AS r
    JOIN sequenced AS s ON s.grp = r.grp AND s.log = r.log AND s.who = r.who AND s.seq = r.seq
        AND s.reason IN ('assign', 'seek', 'reset', 'handed', 'commit')
    WHERE r.place = 1
    GROUP BY r.grp, r.log, r."offset", r.beyond, r.who
),
owners AS (
    SELECT grp, log, who, reason,
        row_number() OVER (PARTITION BY grp, log ORDER BY gen DESC, ord DESC, rank DESC, "position" DESC, ref) AS from_last
    FROM sequenced
),
expired AS (
    SELECT u.*, s.ref
    FROM unhanded AS u
    JOIN floors AS f ON f.grp = u.grp AND f.log = u.log AND f.floor > u."offset"
    JOIN starts AS s ON s.grp = u.grp AND s.log = u.log AND s.start <= u."offset" AND s."position" <= u."offset"
    JOIN owners AS o ON o.grp = u.grp AND o.log = u.log AND o.from_last = 1
    LEFT JOIN instances AS i ON i.who = o.who
    WHERE (o.reason = 'revoke' OR coalesce(i.ended, FALSE))
        AND NOT EXISTS (
            SELECT 1 FROM read_past AS r WHERE r.grp = u.grp AND r.log = u.log AND r."offset" = u."offset")
        AND NOT EXISTS (
            SELECT 1 FROM moved_past AS m WHERE m.grp = u.grp AND m.log = u.log AND m."offset" = u."offset")
),
found AS (
    SELECT
        u.grp, u.log, u."offset", u.destination, u.system, u.cluster, u.message_key, 'read past' AS how, a.beyond, FALSE AS own_reset,
        a.below_ref, a.beyond_ref, a.at_ns, a.who
    FROM acts AS a
    JOIN unhanded AS u ON u.grp = a.grp AND u.log = a.log AND u."offset" = a."offset"
    UNION ALL
    SELECT grp, log, "offset", destination, system, cluster, message_key, 'moved past', FALSE, reason = 'reset' AND own, NULL, ref, start_ns, NULL
    FROM moved_past
    WHERE place = 1
    UNION ALL
    SELECT grp, log, "offset", destination, system, cluster, message_key, 'expired', FALSE, FALSE, NULL, ref, NULL, NULL
    FROM expired
),
sends AS (
    SELECT f.log, f."offset",
        bool_or(p.transaction_id IS NOT NULL AND p.transaction_end IS DISTINCT FROM 'committed') AS undecided,
        bool_or(p.number IS NOT NULL) AS ours,
        bool_and(p.number IS NULL) AS theirs
    FROM (SELECT DISTINCT log, "offset" FROM found) AS f
    JOIN publications AS p ON p.acked_log = f.log AND p."offset" = f."offset" AND p.outcome = 'acked'
    GROUP BY f.log, f."offset"
),
tried AS (
    SELECT DISTINCT f.log, f."offset"
    FROM found AS f
    JOIN attempts AS a ON a.log = f.log AND a."offset" = f."offset" AND a.number IS NOT NULL
),
last_of_key AS (
    SELECT log, message_key, max("offset") AS last_offset
    FROM records
    WHERE message_key IN (SELECT message_key FROM found WHERE message_key IS NOT NULL)
    GROUP BY log, message_key
),
in_doubt AS (
    SELECT DISTINCT destination, message_key
    FROM publications
    WHERE message_key IS NOT NULL AND coalesce(outcome, 'in-doubt') = 'in-doubt'
),
unseen AS (
    -- What was sent to the destination later, and nobody told of.
    SELECT DISTINCT r.log, r."offset"
    FROM (SELECT DISTINCT log, "offset", destination, system FROM found WHERE message_key IS NOT NULL) AS f
    JOIN records AS r ON r.log = f.log AND r."offset" = f."offset"
    JOIN hidden_sends AS h ON h.destination = f.destination AND h.system IS NOT DISTINCT FROM f.system
    LEFT JOIN clock_bounds AS b ON b.host = r.acked_host AND b.other = h.host
    WHERE coalesce(h.until_ns >= r.sent_ns + b.least_ns, TRUE)
),
judged AS (
    SELECT
        f.*,
        coalesce(s.undecided, FALSE) AS undecided,
        coalesce(s.theirs, FALSE) AS theirs,
        t.compacted AS is_compacted,
        coalesce(k.last_offset > f."offset", FALSE) AS superseded,
        d.message_key IS NOT NULL OR n.log IS NOT NULL OR (f.message_key IS NULL AND NOT coalesce(s.ours, FALSE) AND y.log IS NULL) AS maybe_superseded,
        coalesce(l.recreated, FALSE) AS recreated
    FROM found AS f
    LEFT JOIN sends AS s ON s.log = f.log AND s."offset" = f."offset"
    LEFT JOIN tried AS y ON y.log = f.log AND y."offset" = f."offset"
    LEFT JOIN last_of_key AS k ON k.log = f.log AND k.message_key = f.message_key
    LEFT JOIN unseen AS n ON n.log = f.log AND n."offset" = f."offset"
    LEFT JOIN in_doubt AS d ON d.destination = f.destination AND d.message_key = f.message_key
    LEFT JOIN (
        SELECT destination, bool_or(compacted) AS compacted FROM topic_policies GROUP BY destination
    ) AS t ON t.destination = f.destination AND f.system = 'kafka'
    LEFT JOIN floors AS l ON l.grp = f.grp AND l.log = f.log
)
SELECT
    grp, log, "offset", how, beyond, own_reset, who, below_ref, beyond_ref, at_ns,
    is_compacted IS TRUE AND superseded AND NOT EXISTS (
        SELECT 1 FROM handed AS h WHERE h.log = judged.log AND h."offset" = judged."offset")
        -- Not every instrumentation tells of a receive.
        AND NOT EXISTS (
            SELECT 1 FROM attempts AS a WHERE a.log = judged.log AND a."offset" = judged."offset") AS compacted,
    CASE
        WHEN undecided THEN 'transaction open'
        WHEN theirs THEN 'its producer tells nothing of transactions'
        WHEN recreated THEN 'the topic was created again'
        WHEN is_compacted IS FALSE THEN NULL
        WHEN superseded OR maybe_superseded THEN 'may have been compacted away'
    END AS excused
FROM judged
