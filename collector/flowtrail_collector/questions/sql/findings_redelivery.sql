-- redelivery: one group was handed the same record again, without a seek or reset backward in between.
--
-- error    two processings ended ok with no move backward between them, and nobody could hide one: no member of the
--          group is dark, and no owner crashed in between (its lost tail could hold a seek)
-- warning  handed again: the normal price of at-least-once delivery
-- info     every repetition followed a failed or unfinished attempt (reason retry); or the group is only assumed, so
--          that two groups of one service may look like one
-- Where two events were told to stand at a record and nobody knows which one does, none is named; and what was handled
-- there twice may have been the one and then the other, in a topic that was created again: no redelivery.
--
-- `in place`: handed out once, and two processings of it ended ok one after the other. Told by our tracer only, which
-- writes one per message: of another instrumentation two spans in a row may be two layers, and an end that was only
-- inferred (the loop came back) may be followed by the processing itself. error, or warning where a member is dark.
-- empty unless: EXISTS (SELECT 1 FROM again) OR EXISTS (SELECT 1 FROM deliveries WHERE ok > 1 AND number IS NOT NULL)
WITH cut AS (
    SELECT
        *,
        sum(CASE WHEN replayed THEN 1 ELSE 0 END) OVER (
            PARTITION BY grp, log, "offset" ORDER BY turn ROWS UNBOUNDED PRECEDING
        ) AS segment
    FROM again
),
told AS (
    SELECT
        grp, log, "offset", segment,
        min(system)      AS system,
        min(destination) AS destination,
        min("partition") AS "partition",
        bool_and(assumed) AS assumed,
        count(*)         AS handings,
        count(*) FILTER (WHERE outcome = 'ok') AS ok,
        bool_and(number IS NOT NULL) AS ours,
        bool_or(tail_between) FILTER (WHERE turn > 1 AND NOT replayed) AS tail_between,
        bool_and(coalesce(cause, '') = 'retry') FILTER (WHERE turn > 1 AND NOT replayed) AS only_retries,
        arg_min(cause, turn) FILTER (WHERE turn > 1 AND NOT replayed AND cause <> 'retry') AS cause,
        min(handed_ns)   AS first_ns,
        max(handed_ns)   AS last_ns,
        list_sort(list_distinct(flatten(list(list_concat(
            CASE WHEN receive_ref IS NULL THEN [] ELSE [receive_ref] END, coalesce(process_refs, [])))))) AS evidence,
        arg_min(coalesce(member, service), turn) AS first_member,
        arg_max(coalesce(member, service), turn) AS last_member,
        arg_min(generation, turn) AS first_generation,
        arg_max(generation, turn) AS last_generation
    FROM cut
    GROUP BY grp, log, "offset", segment
    HAVING count(*) > 1
),
in_place AS (
    SELECT
        a.grp, a.log, a."offset", a.system, a.destination, a."partition", count(*) AS ok,
        min(a.start_ns) AS first_ns, max(a.start_ns) AS last_ns, min(a.ord_start) AS first_ord, max(a.ord_start) AS last_ord,
        min(a.who) AS who, list_sort(list_concat([a.receive_ref], list(a.ref))) AS evidence
    FROM attempts AS a
    LEFT JOIN (SELECT DISTINCT grp, log, "offset" FROM told) AS t
        ON t.grp = a.grp AND t.log = a.log AND t."offset" = a."offset"
    WHERE a.receive_ref IS NOT NULL AND a.number IS NOT NULL AND a.member IS NOT NULL AND NOT a.assumed
        AND NOT a.failed AND NOT a.inferred AND NOT a.batched AND t.grp IS NULL
    GROUP BY a.grp, a.log, a."offset", a.system, a.destination, a."partition", a.receive_ref, a.member
    HAVING count(*) > 1
),
settled AS (
    SELECT log, "offset", message_id, event FROM records WHERE NOT conflict OR survived
)
SELECT
    'redelivery' AS kind,
    CASE
        WHEN t.assumed THEN 'info'
        WHEN t.ok >= 2 AND h."offset" IS NULL AND NOT t.tail_between THEN 'error'
        WHEN t.only_retries THEN 'info'
        ELSE 'warning'
    END AS severity,
    CASE WHEN t.only_retries AND t.ok < 2 THEN 'retry' ELSE t.cause END AS reason,
    t.system, t.destination, t."partition", [t."offset"] AS offsets, t.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CASE WHEN r.message_id IS NULL THEN [] ELSE [r.message_id] END AS message_ids,
    t.handings AS count,
    t.first_ns, t.last_ns,
    CASE WHEN t.assumed THEN 'C' WHEN t.ours THEN 'A' ELSE 'B' END AS grade,
    t.evidence,
    t.grp || CASE
        WHEN t.ok >= 2 THEN ' handled this event ' || CASE t.ok WHEN 2 THEN 'twice' ELSE t.ok || ' times' END
        ELSE ' was handed this event ' || CASE t.handings WHEN 2 THEN 'twice' ELSE t.handings || ' times' END
    END || ', ' || CASE WHEN t.last_ns - t.first_ns < 1000000000 THEN (t.last_ns - t.first_ns) // 1000000 || ' ms apart'
        ELSE ((t.last_ns - t.first_ns) // 10000000 / 100.0) || ' s apart' END ||
    CASE
        WHEN t.only_retries AND t.ok < 2 THEN ': a retry after an attempt that failed or never ended'
        WHEN t.cause = 'rebalance' AND t.first_generation <> t.last_generation
            THEN ', after a rebalance (generation ' || t.first_generation || ' to ' || t.last_generation || ', ' ||
                 t.first_member || ' to ' || t.last_member || ')'
        WHEN t.cause = 'rebalance' THEN ', after a rebalance (' || t.first_member || ' to ' || t.last_member || ')'
        WHEN t.cause = 'restart' THEN ', after a restart (' || t.first_member || ' to ' || t.last_member || ')'
        WHEN t.cause = 'commit lost' THEN ', after its commit failed'
        ELSE ''
    END || CASE WHEN t.assumed THEN '; the group is assumed: two groups of one service would look the same' ELSE '' END
    AS summary,
    r.event
FROM told AS t
LEFT JOIN hidden AS h ON h.grp = t.grp AND h.log = t.log AND h."offset" = t."offset"
LEFT JOIN settled AS r ON r.log = t.log AND r."offset" = t."offset"
WHERE r."offset" IS NOT NULL OR t.ok < 2
UNION ALL
SELECT
    'redelivery', CASE WHEN h."offset" IS NULL THEN 'error' ELSE 'warning' END, 'in place',
    p.system, p.destination, p."partition", [p."offset"], p.grp, NULL, NULL,
    CASE WHEN r.message_id IS NULL THEN [] ELSE [r.message_id] END,
    p.ok, p.first_ns, p.last_ns, 'A', p.evidence,
    p.grp || ' was handed this event once and handled it ' || CASE p.ok WHEN 2 THEN 'twice' ELSE p.ok || ' times' END || ', '
        || CASE WHEN p.last_ns - p.first_ns < 1000000000 THEN (p.last_ns - p.first_ns) // 1000000 || ' ms apart'
            ELSE ((p.last_ns - p.first_ns) // 10000000 / 100.0) || ' s apart' END,
    r.event
FROM in_place AS p
LEFT JOIN hidden AS h ON h.grp = p.grp AND h.log = p.log AND h."offset" = p."offset"
JOIN settled AS r ON r.log = p.log AND r."offset" = p."offset"
WHERE NOT EXISTS (
    SELECT 1 FROM placed AS m
    WHERE m.who = p.who AND m.log = p.log AND m.grp = p.grp AND m.position_reason IN ('seek', 'reset', 'assign')
        AND m.ord_start >= p.first_ord AND m.ord_start <= p.last_ord)
