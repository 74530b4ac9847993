-- consumed: who consumed the event? One row per event, destination and group that reads the destination.
--
-- An event may stand at several records of its destination (resend, republish): each record is judged for the group,
-- and the strongest answer that holds for any of them is the event's. Where one of them is unknown, what rests on
-- absence (failed, unfinished, pending, skipped, not-expected) does not hold for the event. `rank` is that order:
--
--  1 processed     an attempt ended ok, on the record or on a copy of its chain; or inferred: delivered, outcome not instrumented, position passed within the
--                  same ownership, by a member that neither vanished nor has holes
--  2 dead-lettered failed, and a copy with its origin stands on a dead-letter destination
--  3 retrying      failed, and a further attempt is due: a copy on a retry destination, or the record will be handed out
--                  again (its member moved back to it, or left before the position passed it)
--  4 failed        the last known processing failed, on the record or on the last copy of its chain once the position has
--                  passed that, and nothing shows a further attempt
--  5 in-progress   handed out, the member is alive and has begun nothing later on that partition
--  6 unfinished    handed out and never ended, while the member went on, or left after committing past it, or lost the
--                  partition to another member that began beyond it
--  7 received      delivered, outcome not instrumented, position not past it
--  8 pending       not delivered and the position has not passed it; or handed to a member that left in order before it
--                  began, with the position not past it
--  9 skipped       not delivered although the group came past it, nothing excuses it and all is known; see skips
-- 10 not-expected  below the group's start, aborted, or compacted away
-- 11 missing       a declared group of which nothing at all was seen on the destination (see missing)
-- 12 unknown       anything else, with the reason
--
-- failed, unfinished, pending and skipped rest on something not having happened: where a member of the group is dark they are
-- unknown, with the reason `telemetry gap`, or `sampled` where a member is known to keep a part of its spans only. A member
-- that gave no sign for longer than Kafka's default max.poll.interval.ms is not called alive.
WITH unseen AS (
    -- Whoever hides anything at all may have been the group that is missed, once: it may have come and left again in its
    -- hole, and with nothing lost it would have been seen to.
    SELECT count(*) AS hides, bool_or(sampled) AS sampled FROM hiding HAVING count(*) > 0
),
expected AS (
    SELECT system, destination, grp, assumed, service, instrumented, dark, traced, numbered, sampled, FALSE AS absent
    FROM readers
    UNION ALL
    SELECT system, destination, grp, FALSE, NULL, FALSE, FALSE, TRUE, FALSE, FALSE, TRUE
    FROM missing
),
pairs AS (
    SELECT p.event, p.destination, p.log, p."partition", p."offset", p.copied,
        p.conflict AND NOT p.survived AS conflict, r.grp, r.assumed, r.service,
        r.instrumented, h."offset" IS NOT NULL OR o.hides IS NOT NULL AS dark, r.traced, r.numbered, r.absent,
        coalesce(o.sampled, r.sampled) AS sampled
    FROM places AS p
    JOIN expected AS r ON r.destination = p.destination AND r.system IS NOT DISTINCT FROM p.system
    LEFT JOIN hidden AS h ON h.grp = r.grp AND h.log = p.log AND h."offset" = p."offset"
    LEFT JOIN unseen AS o ON r.absent
),
ranked_turns AS (
    SELECT
        t.*,
        row_number() OVER (
            PARTITION BY grp, log, "offset" ORDER BY gen DESC, ord DESC, began_ord DESC, receive_ref
        ) AS from_last
    FROM turns AS t
),
turn_facts AS (
    SELECT
        grp, log, "offset",
        count(*)                                            AS handings,
        count(*) FILTER (WHERE outcome = 'ok')              AS ok,
        count(*) FILTER (WHERE outcome = 'ok' AND number IS NOT NULL) AS ok_ours,
        count(*) FILTER (WHERE outcome = 'failed')          AS failed,
        max(CASE WHEN from_last = 1 THEN outcome END)       AS last_outcome,
        max(CASE WHEN from_last = 1 THEN who END)           AS last_who,
        max(CASE WHEN from_last = 1 THEN gen END)           AS last_gen,
        max(CASE WHEN from_last = 1 THEN ord END)           AS last_ord,
        max(CASE WHEN from_last = 1 THEN error_type END)    AS last_error,
        max(CASE WHEN from_last = 1 THEN receive_ref END)   AS last_receive_ref,
        list_sort(list(receive_ref) FILTER (WHERE receive_ref IS NOT NULL)) AS receive_refs,
        list_sort(flatten(list(coalesce(process_refs, []))))               AS process_refs
    FROM ranked_turns
    GROUP BY grp, log, "offset"
),
uncertain AS (
    SELECT grp, log, "offset", min(ref) AS ref FROM handed WHERE NOT certain GROUP BY grp, log, "offset"
),
reach AS (
    -- Commits past a delivered record within the ownership that was handed it.
    SELECT d.grp, d.log, d."position" AS "offset", max(s.committed) AS committed, bool_or(s.dark) AS dark,
        min(s.who) AS who
    FROM sequenced AS d
    JOIN sequences AS s ON s.grp = d.grp AND s.log = d.log AND s.who = d.who AND s.seq = d.seq
    WHERE d.reason = 'handed' AND s.committed > d."position"
    GROUP BY d.grp, d.log, d."position"
),
moved_back AS (
    SELECT f.grp, f.log, f."offset", min(m.ref) AS ref
    FROM turn_facts AS f
    JOIN moves AS m ON m.grp = f.grp AND m.log = f.log AND m.moved AND m."position" <= f."offset"
        AND (m.gen > f.last_gen OR (m.gen = f.last_gen AND m.ord > f.last_ord))
    WHERE f.last_outcome = 'failed'
    GROUP BY f.grp, f.log, f."offset"
),
gone AS (
    SELECT f.grp, f.log, f."offset", min(m.ref) AS ref
    FROM turn_facts AS f
    JOIN moves AS m ON m.grp = f.grp AND m.log = f.log
        AND ((m.reason = 'revoke' AND m.who = f.last_who AND m.gen >= f.last_gen AND m.ord > f.last_ord)
            OR (m.reason = 'assign' AND m.who <> f.last_who
                AND (m.gen > f.last_gen OR (m.gen = f.last_gen AND m.ord > f.last_ord))))
    WHERE f.last_outcome = 'failed'
    GROUP BY f.grp, f.log, f."offset"
),
copy_rows AS (
    -- The copies of a record's chain, with what became of each: in the group itself, or, where the group does not read
    -- the retry destination, in whichever group does.
    SELECT
        p.event, p.destination, p.grp, p.log, p."offset", c.kind, c.destination AS copy_destination, c.ref, r.grp AS reader,
        f.ok, f.ok_ours, f.last_outcome, f.last_error, coalesce(f.process_refs, []) AS process_refs,
        coalesce(s."position" > c."offset", FALSE) AS passed,
        coalesce(r.dark OR h."offset" IS NOT NULL, FALSE) AS dark,
        row_number() OVER (
            PARTITION BY p.event, p.grp, p.log, p."offset" ORDER BY c.start_ns DESC, c.ref, f.ok DESC
        ) AS from_last
    FROM pairs AS p
    JOIN chains AS c ON c.root_log = p.log AND c.root_offset = p."offset" AND (c.grp IS NULL OR c.grp = p.grp)
    LEFT JOIN readers AS own ON own.destination = c.destination AND own.grp = p.grp
    LEFT JOIN readers AS r ON r.destination = c.destination AND (r.grp = p.grp OR own.grp IS NULL)
    LEFT JOIN hidden AS h ON h.grp = r.grp AND h.log = c.log AND h."offset" = c."offset"
    LEFT JOIN turn_facts AS f ON f.grp = r.grp AND f.log = c.log AND f."offset" = c."offset"
    LEFT JOIN starts AS s ON s.grp = r.grp AND s.log = c.log
),
copy_facts AS (
    SELECT
        event, destination, grp, log, "offset",
        CASE WHEN bool_or(kind = 'dead-letter') THEN 'dead-letter' ELSE 'retry' END AS kind,
        coalesce(min(copy_destination) FILTER (WHERE kind = 'dead-letter'),
            max(CASE WHEN from_last = 1 THEN copy_destination END)) AS copy_destination,
        -- Whoever keeps dead letters has not processed the event.
        sum(CASE WHEN kind = 'retry' OR reader = grp THEN coalesce(ok, 0) ELSE 0 END) AS ok,
        sum(CASE WHEN kind = 'retry' OR reader = grp THEN coalesce(ok_ours, 0) ELSE 0 END) AS ok_ours,
        coalesce(max(CASE WHEN from_last = 1 THEN last_outcome = 'failed' AND passed END), FALSE) AS given_up,
        max(CASE WHEN from_last = 1 THEN last_error END) AS last_error,
        bool_or(dark) AS dark,
        list_sort(list_distinct(list_concat(list(ref), flatten(list(process_refs))))) AS refs
    FROM copy_rows
    GROUP BY event, destination, grp, log, "offset"
),
aborted AS (
    SELECT acked_log AS log, "offset" FROM publications WHERE outcome = 'acked' AND transaction_end = 'aborted'
),
open_last AS (
    SELECT o.*, row_number() OVER (PARTITION BY grp, log, "offset" ORDER BY gen DESC, ord DESC, receive_ref) AS place
    FROM open_turns AS o
),
-- What foreign spans tell of an event without naming its record.
told AS (
    SELECT event, destination, grp, count(*) AS handings, count(*) FILTER (WHERE operation = 'process') AS attempts,
        count(*) FILTER (WHERE operation = 'process' AND NOT failed) AS ok,
        count(*) FILTER (WHERE failed) AS failed, min(error_type) AS error_type,
        list_sort(list(ref)) AS refs
    FROM unplaced
    GROUP BY event, destination, grp
),
facts AS (
    SELECT
        p.*,
        coalesce(f.handings, 0)  AS handings,
        coalesce(f.ok, 0)        AS ok,
        coalesce(f.ok_ours, 0)   AS ok_ours,
        coalesce(f.failed, 0)    AS failed,
        f.last_outcome, f.last_error,
        coalesce(f.receive_refs, []) AS receive_refs,
        coalesce(f.process_refs, []) AS process_refs,
        c.kind AS copy_kind, c.copy_destination, c.refs AS copy_refs, coalesce(c.ok, 0) AS chain_ok,
        coalesce(c.ok_ours, 0) AS chain_ok_ours, c.given_up, c.last_error AS copy_error, c.dark AS chain_dark,
        b.ref AS back_ref,
        g.ref AS gone_ref,
        u.ref AS uncertain_ref,
        o.receive_ref IS NOT NULL AS open_turn,
        o.hidden, o.went_on, o.left_in_order, o.gone, o.vanished, o.passed AS open_passed, o.last_sign_ns,
        h.committed > p."offset" AS passed_in_ownership,
        h.dark AS owner_dark,
        s.start, s."position", s.reason AS position_reason, s.ref AS position_ref,
        a."offset" IS NOT NULL AS aborted,
        coalesce(x.onward, FALSE) AS maybe_swallowed,
        x."offset" IS NOT NULL AS maybe_tried,
        k.reason AS skip_reason, k.below_ref, k.beyond_ref,
        n.excused, coalesce(n.compacted, FALSE) AS compacted, l.came_below,
        coalesce(t.ok, 0) AS told_ok, t.handings > 0 AND t.attempts = 0 AS told_only, coalesce(t.refs, []) AS told_refs,
        w.as_of_ns
    FROM pairs AS p
    CROSS JOIN as_of AS w
    LEFT JOIN turn_facts AS f ON f.grp = p.grp AND f.log = p.log AND f."offset" = p."offset"
    LEFT JOIN copy_facts AS c ON c.event = p.event AND c.grp = p.grp AND c.log = p.log AND c."offset" = p."offset"
    LEFT JOIN moved_back AS b ON b.grp = p.grp AND b.log = p.log AND b."offset" = p."offset"
    LEFT JOIN gone AS g ON g.grp = p.grp AND g.log = p.log AND g."offset" = p."offset"
    LEFT JOIN uncertain AS u ON u.grp = p.grp AND u.log = p.log AND u."offset" = p."offset"
    LEFT JOIN open_last AS o ON o.grp = p.grp AND o.log = p.log AND o."offset" = p."offset" AND o.place = 1
    LEFT JOIN reach AS h ON h.grp = p.grp AND h.log = p.log AND h."offset" = p."offset"
    LEFT JOIN starts AS s ON s.grp = p.grp AND s.log = p.log
    LEFT JOIN crashed AS x ON x.grp = p.grp AND x.log = p.log AND x."offset" = p."offset"
    LEFT JOIN passed AS n ON n.grp = p.grp AND n.log = p.log AND n."offset" = p."offset"
    LEFT JOIN skips AS k ON k.grp = p.grp AND k.log = p.log AND k."offset" = p."offset"
    LEFT JOIN floors AS l ON l.grp = p.grp AND l.log = p.log
    LEFT JOIN told AS t ON t.event = p.event AND t.destination = p.destination AND t.grp = p.grp
    LEFT JOIN aborted AS a ON a.log = p.log AND a."offset" = p."offset"
),
judged AS (
    SELECT
        *,
        CASE
            WHEN conflict                                            THEN 'unknown|two events stand at this record'
            WHEN ok > 0 OR told_ok > 0                               THEN 'processed|'
            WHEN chain_ok > 0                                        THEN 'processed|retried on ' || copy_destination
            WHEN last_outcome = 'failed' AND copy_kind = 'dead-letter' THEN 'dead-lettered|' || copy_destination
            WHEN last_outcome = 'failed' AND given_up AND NOT (dark OR chain_dark)
                                                                     THEN 'failed|' || coalesce(copy_error, '')
            WHEN last_outcome = 'failed' AND given_up                THEN 'unknown|telemetry gap'
            WHEN last_outcome = 'failed' AND copy_kind = 'retry'     THEN 'retrying|' || copy_destination
            WHEN last_outcome = 'failed' AND back_ref IS NOT NULL    THEN 'retrying|moved back to it'
            WHEN last_outcome = 'failed' AND gone_ref IS NOT NULL AND "position" <= "offset"
                                                                     THEN 'retrying|redelivery pending'
            WHEN last_outcome = 'failed' AND dark                    THEN 'unknown|telemetry gap'
            WHEN last_outcome = 'failed' AND maybe_tried           THEN 'unknown|the member vanished'
            WHEN last_outcome = 'failed'                             THEN 'failed|' || coalesce(last_error, '')
            WHEN handings > 0 AND NOT instrumented AND passed_in_ownership AND NOT coalesce(owner_dark, TRUE)
                                                                     THEN 'processed|inferred'
            WHEN handings > 0 AND NOT instrumented AND coalesce("position" > "offset", FALSE)
                                                                     THEN 'unknown|outcome not instrumented'
            WHEN open_turn AND (hidden OR (dark AND (went_on OR left_in_order OR gone))) THEN 'unknown|telemetry gap'
            WHEN open_turn AND maybe_tried AND (went_on OR (left_in_order AND open_passed) OR (gone AND "position" > "offset"))
                                                                     THEN 'unknown|the member vanished'
            WHEN open_turn AND went_on                               THEN 'unfinished|' || CASE WHEN failed > 0 THEN 'earlier failure' ELSE 'the member went on' END
            WHEN open_turn AND left_in_order AND open_passed         THEN 'unfinished|' || CASE WHEN failed > 0 THEN 'earlier failure' ELSE 'the member left after committing past it' END
            WHEN open_turn AND left_in_order                         THEN 'pending|to be handed out again'
            WHEN open_turn AND vanished                              THEN 'unknown|the member vanished'
            WHEN open_turn AND gone AND "position" > "offset"        THEN 'unfinished|' || CASE WHEN failed > 0 THEN 'earlier failure' ELSE 'the partition went to another member' END
            WHEN open_turn AND gone                                  THEN 'pending|to be handed out again'
            WHEN open_turn AND as_of_ns - last_sign_ns > 300000000000 THEN 'unknown|the member is silent'
            WHEN open_turn                                           THEN 'in-progress|'
            WHEN handings > 0 OR (told_only AND NOT instrumented)    THEN 'received|'
            WHEN told_only                                           THEN 'unknown|telemetry gap'
            WHEN aborted                                             THEN 'not-expected|aborted'
            WHEN uncertain_ref IS NOT NULL                           THEN 'unknown|fetched; whether it was handed out is not told'
            WHEN NOT traced AND "position" IS NULL                   THEN 'unknown|no position known'
            WHEN NOT traced AND "position" <= "offset"               THEN 'pending|by the committed position'
            WHEN NOT traced                                          THEN 'unknown|the position has passed it; the group is not instrumented'
            WHEN dark                                                THEN 'unknown|telemetry gap'
            WHEN absent                                              THEN 'missing|'
            WHEN maybe_swallowed                                     THEN 'unknown|the member vanished'
            WHEN start IS NOT NULL AND "offset" < start              THEN 'not-expected|before start'
            WHEN "offset" < came_below                               THEN 'not-expected|before start'
            WHEN skip_reason = 'retention'                           THEN 'skipped|retention'
            WHEN "position" IS NULL                                  THEN 'unknown|no position known'
            WHEN "position" <= "offset"                              THEN 'pending|'
            WHEN skip_reason IS NOT NULL                             THEN 'skipped|' || skip_reason
            WHEN compacted                                           THEN 'not-expected|compacted'
            WHEN excused IS NOT NULL                                 THEN 'unknown|' || excused
            WHEN maybe_tried                                         THEN 'unknown|the member vanished'
            ELSE 'unknown|the position has passed it, and no delivery was seen'
        END AS verdict
    FROM facts
),
named AS (
    SELECT
        *,
        split_part(verdict, '|', 1) AS answer,
        CASE WHEN verdict = 'unknown|telemetry gap' AND sampled THEN 'sampled'
             ELSE nullif(substr(verdict, length(split_part(verdict, '|', 1)) + 2), '') END AS reason
    FROM judged
),
ordered AS (
    SELECT
        *,
        CASE answer
            WHEN 'processed' THEN 1 WHEN 'dead-lettered' THEN 2 WHEN 'retrying' THEN 3 WHEN 'failed' THEN 4
            WHEN 'in-progress' THEN 5 WHEN 'unfinished' THEN 6 WHEN 'received' THEN 7 WHEN 'pending' THEN 8
            WHEN 'skipped' THEN 9 WHEN 'not-expected' THEN 10 WHEN 'missing' THEN 11 ELSE 12
        END AS rank
    FROM named
),
best AS (
    SELECT
        *,
        CASE
            WHEN answer = 'unknown' THEN '?'
            WHEN answer = 'processed' AND ok_ours + chain_ok_ours > 0 THEN 'A'
            WHEN answer = 'processed' THEN 'B'
            WHEN answer = 'pending' AND NOT traced THEN 'B'
            WHEN assumed OR NOT numbered THEN 'B'
            ELSE 'A'
        END AS grade,
        row_number() OVER (
            PARTITION BY event, destination, grp
            ORDER BY unsure AND answer IN ('failed', 'unfinished', 'pending', 'skipped', 'not-expected'), rank, log, "offset"
        ) AS place
    FROM (
        SELECT *, bool_or(answer = 'unknown') OVER (PARTITION BY event, destination, grp) AS unsure FROM ordered
    ) AS o
),
placeless AS (
    -- Events of which no record is known: sends without an ack, and foreign spans that name no record.
    SELECT s.event, s.destination, s.system, bool_and(coalesce(s.outcome, '') = 'failed') AS failed,
        bool_or(s.overwritten) AS overwritten
    FROM (
        SELECT s.event, s.destination, s.system, s.outcome, r.conflict IS NOT NULL AS overwritten
        FROM sent AS s
        LEFT JOIN records AS r ON r.log = s.acked_log AND r."offset" = s."offset" AND r.conflict AND r.event <> s.event
        UNION ALL
        SELECT event, destination, system, NULL, FALSE FROM unplaced
    ) AS s
    WHERE NOT EXISTS (SELECT 1 FROM places AS p WHERE p.event = s.event AND p.destination = s.destination)
    GROUP BY s.event, s.destination, s.system
),
copied_elsewhere AS (
    -- Queue brokers: the copy bears the message id, and its origin names the destination, and the queue where it can.
    SELECT c.event_id AS event, r.destination, r.grp, min(c.destination) AS copy_destination, list_sort(list(c.ref)) AS refs
    FROM copies AS c
    JOIN readers AS r ON r.destination = c.origin_destination AND r.system IS NOT DISTINCT FROM c.system
        AND (c.origin_group IS NULL OR c.origin_group = r.grp)
    WHERE c."offset" IS NULL AND c.event_id IS NOT NULL AND c.destination <> c.origin_destination
        AND c.kind = 'dead-letter'
    GROUP BY c.event_id, r.destination, r.grp
),
without_place AS (
    SELECT
        p.event, p.destination, r.grp, r.assumed, r.service, c.copy_destination, c.refs AS copy_refs,
        CASE WHEN t.ok > 0 THEN 'processed' WHEN t.failed > 0 AND c.event IS NOT NULL THEN 'dead-lettered'
             WHEN t.attempts > 0 THEN 'unknown' WHEN t.handings > 0 AND NOT r.instrumented THEN 'received'
             WHEN t.handings > 0 THEN 'unknown'
             WHEN r.absent AND o.hides IS NULL AND NOT p.failed THEN 'missing' ELSE 'unknown' END AS answer,
        CASE WHEN r.absent AND NOT p.failed THEN CASE WHEN o.sampled THEN 'sampled' WHEN o.hides IS NOT NULL THEN 'telemetry gap' END
             WHEN t.ok > 0 OR (t.handings > 0 AND t.attempts = 0 AND NOT r.instrumented) THEN NULL
             WHEN t.failed > 0 AND c.event IS NOT NULL THEN c.copy_destination WHEN t.handings > 0
                 THEN CASE WHEN r.sampled THEN 'sampled' ELSE 'telemetry gap' END
             WHEN p.overwritten THEN 'another event stands at its record' WHEN p.failed THEN 'not published' ELSE 'no record known' END AS reason,
        coalesce(t.handings, 0) AS handings, coalesce(t.ok, 0) AS ok, coalesce(t.failed, 0) AS failed,
        t.error_type, coalesce(t.refs, []) AS refs
    FROM placeless AS p
    JOIN expected AS r ON r.destination = p.destination AND r.system IS NOT DISTINCT FROM p.system
    LEFT JOIN unseen AS o ON r.absent
    LEFT JOIN told AS t ON t.event = p.event AND t.destination = p.destination AND t.grp = r.grp
    LEFT JOIN copied_elsewhere AS c ON c.event = p.event AND c.destination = p.destination AND c.grp = r.grp
)
SELECT
    event, destination, log, "partition", "offset", grp, assumed, service, answer, reason, grade, rank, handings, ok,
    failed AS failures, last_error, receive_refs, list_concat(process_refs, told_refs) AS process_refs, copy_refs, copy_destination, back_ref, gone_ref, position_ref,
    CASE WHEN answer = 'skipped' THEN below_ref END AS below_ref, CASE WHEN answer = 'skipped' THEN beyond_ref END AS beyond_ref,
    greatest("offset" - "position", 0) AS lag_in_front, maybe_swallowed, copied
FROM best
WHERE place = 1
UNION ALL
SELECT
    event, destination, NULL, NULL, NULL, grp, assumed, service, answer, reason,
    CASE answer WHEN 'unknown' THEN '?' ELSE 'B' END,
    CASE answer WHEN 'processed' THEN 1 WHEN 'dead-lettered' THEN 2 WHEN 'received' THEN 7 WHEN 'missing' THEN 11 ELSE 12 END,
    handings, ok, failed, error_type, refs, [], copy_refs, copy_destination, NULL, NULL, NULL, NULL, NULL, NULL, FALSE, FALSE
FROM without_place
