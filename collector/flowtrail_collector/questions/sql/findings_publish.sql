-- publish-failed, publish-in-doubt, ghost-publish.
--
-- publish-failed    error    a publication failed definitively, none of the same event to that destination succeeded, and
--                            nobody saw it; not given where a producer of the event or a reader of the destination is
--                            dark, or a reader was handed a record that nobody has named yet (see published, nameless)
-- publish-in-doubt  warning  neither ack nor definite failure known, and older than the client's delivery timeout
--                            (`flowtrail.publish.timeout`, else 120 s) at the watermark
-- ghost-publish     error    failed definitively, yet consumed. The record must be that send's own: no other send of the
--                            event to the destination succeeded or is in doubt or untold, unless the processing itself
--                            names the failed send by producer epoch and number
-- empty unless: EXISTS (SELECT 1 FROM sent WHERE outcome IN ('failed', 'in-doubt'))
WITH failed AS (
    SELECT s.*, r.answer, r.seen
    FROM sent AS s
    JOIN published AS r ON r.event = s.event AND r.destination = s.destination
    WHERE s.outcome = 'failed'
),
others AS (
    SELECT event, destination, count(*) FILTER (WHERE coalesce(outcome, 'untold') <> 'failed') AS possible
    FROM sent
    GROUP BY event, destination
),
named AS (
    SELECT f.ref, min(a.ref) AS process_ref, min(a."partition") AS "partition",
        list_sort(list_distinct(list(a."offset"))) AS offsets
    FROM failed AS f
    JOIN attempts AS a ON a.producer_epoch = f.producer_epoch AND a.producer_seq = f.producer_seq
        AND a.destination = f.destination
    GROUP BY f.ref
),
dark_producers AS (
    SELECT DISTINCT event, destination FROM sent WHERE dark
),
seen_by AS (
    -- Processings of the event that do not name another send as theirs.
    SELECT f.ref AS send_ref, min(a.ref) AS ref, min(a."partition") AS "partition",
        list_sort(list_distinct(list(a."offset"))) AS offsets
    FROM failed AS f
    JOIN places AS p ON p.event = f.event AND p.destination = f.destination
    JOIN attempts AS a ON a.log = p.log AND a."offset" = p."offset"
    WHERE a.producer_seq IS NULL OR f.producer_seq IS NULL
        OR (a.producer_seq = f.producer_seq AND a.producer_epoch = f.producer_epoch)
    GROUP BY f.ref
),
told AS (
    SELECT
        CASE
            WHEN f.answer = 'no' AND NOT f.seen AND u.event IS NULL THEN 'publish-failed'
            WHEN n.process_ref IS NOT NULL THEN 'ghost-publish'
            WHEN b.ref IS NOT NULL AND o.possible = 0 AND NOT coalesce(d.event IS NOT NULL, FALSE) THEN 'ghost-publish'
        END AS kind,
        'error' AS severity,
        f.error_type AS reason,
        f.system, f.destination, coalesce(n."partition", b."partition", f."partition") AS "partition",
        coalesce(n.offsets, b.offsets, []) AS offsets,
        f.producer, f.instance, f.message_id, f.start_ns, f.end_ns, f.event,
        list_filter([f.ref, coalesce(n.process_ref, b.ref)], lambda x: x IS NOT NULL) AS evidence
    FROM failed AS f
    JOIN others AS o ON o.event = f.event AND o.destination = f.destination
    LEFT JOIN named AS n ON n.ref = f.ref
    LEFT JOIN seen_by AS b ON b.send_ref = f.ref
    LEFT JOIN dark_producers AS d ON d.event = f.event AND d.destination = f.destination
    LEFT JOIN nameless AS u ON u.event = f.event AND u.destination = f.destination
    UNION ALL
    SELECT
        'publish-in-doubt', 'warning', r.reason,
        s.system, s.destination, s."partition", [], s.producer, s.instance, s.message_id, s.start_ns, s.end_ns, s.event,
        [s.ref]
    FROM sent AS s
    JOIN published AS r ON r.event = s.event AND r.destination = s.destination AND r.answer = 'in-doubt'
    CROSS JOIN as_of AS w
    WHERE s.outcome = 'in-doubt'
        AND w.as_of_ns - s.start_ns > coalesce(s.publish_timeout_ms, 120000) * 1000000
)
SELECT
    kind, severity, reason, system, destination, "partition", offsets,
    CAST(NULL AS VARCHAR) AS "group", producer, instance,
    CASE WHEN message_id IS NULL THEN [] ELSE [message_id] END AS message_ids,
    1 AS count, start_ns AS first_ns, end_ns AS last_ns, 'A' AS grade, evidence,
    CASE kind
        WHEN 'publish-failed' THEN producer || ' could not publish this event to ' || destination
            || coalesce(' (' || reason || ')', '') || ', and no other attempt succeeded'
        WHEN 'ghost-publish' THEN producer || ' was told that publishing to ' || destination || ' failed'
            || coalesce(' (' || reason || ')', '') || ', yet the event was consumed'
        ELSE producer || ' does not know whether this event reached ' || destination || ' (' || reason || ')'
    END AS summary,
    event
FROM told
WHERE kind IS NOT NULL
