-- published: was the event published? One row per event and destination.
--
-- answer  reason
-- yes     acked      a publication with its ack; not inside an aborted transaction
-- yes     seen       no ack known, yet a consumer was handed the record
-- no      aborted    acked inside a transaction that was aborted
-- no      failed     every publication failed definitively, and no consumer saw it
-- in-doubt timeout, crash, closed, or transaction open
-- unknown no producer telemetry; ack not instrumented
--
-- A definite failure counts as `no` only where nobody who could have seen the record is dark, nor a producer of the event
-- that may have sent it once more; else it is unknown, with the reason `telemetry gap`, or `sampled` where one of them is
-- known to keep a part of its spans only; and where no record that nobody has named is in a reader's hands (see nameless).
WITH seen AS (
    SELECT p.event, p.destination, p.log, p."offset", min(d.ref) AS ref
    FROM places AS p
    JOIN (
        SELECT log, "offset", coalesce(process_refs[1], receive_ref) AS ref FROM turns
        UNION ALL
        SELECT log, "offset", ref FROM handed
    ) AS d ON d.log = p.log AND d."offset" = p."offset"
    WHERE NOT p.conflict OR p.survived
    GROUP BY p.event, p.destination, p.log, p."offset"
),
seen_by_id AS (
    SELECT event, destination, min(ref) AS ref FROM unplaced GROUP BY event, destination
),
said AS (
    SELECT
        event, destination,
        min(system)                                                        AS system,
        count(*)                                                           AS publications,
        count(*) FILTER (WHERE outcome = 'acked' AND transaction_id IS NULL)   AS acked,
        count(*) FILTER (WHERE outcome = 'acked' AND transaction_end = 'committed') AS committed,
        count(*) FILTER (WHERE outcome = 'acked' AND transaction_end = 'aborted')   AS aborted,
        count(*) FILTER (WHERE outcome = 'acked' AND transaction_id IS NOT NULL AND transaction_end IS NULL) AS open,
        count(*) FILTER (WHERE outcome = 'in-doubt')                       AS in_doubt,
        count(*) FILTER (WHERE outcome = 'failed')                         AS failed,
        count(*) FILTER (WHERE outcome IS NULL)                            AS untold,
        max(CASE
            WHEN outcome <> 'in-doubt' THEN NULL
            WHEN unfinished THEN 'crash'
            WHEN error_type ILIKE '%close%' THEN 'closed'
            ELSE 'timeout' END)                                            AS doubt,
        bool_or(records_acks)                                              AS records_acks,
        min(start_ns)                                                      AS first_ns,
        CASE WHEN count(DISTINCT host) = 1 THEN min(host) END              AS host,
        min(ref) FILTER (WHERE outcome = 'acked')                          AS acked_ref,
        list_sort(list(ref))                                               AS refs
    FROM sent
    GROUP BY event, destination
),
readers_dark AS (
    SELECT s.event, s.destination, bool_or(r.sampled) AS sampled
    FROM said AS s
    JOIN readers AS r ON r.destination = s.destination AND r.system IS NOT DISTINCT FROM s.system
        AND (r.dark OR r.dark_until IS NOT NULL)
    LEFT JOIN clock_bounds AS b ON b.host = s.host AND b.other = r.dark_host
    WHERE r.dark OR coalesce(r.dark_until >= s.first_ns + b.least_ns, TRUE)
    GROUP BY s.event, s.destination
),
unseen_dark AS (
    -- Where nobody was ever seen to read, whoever has a hole may be the reader.
    SELECT s.event, s.destination, FALSE AS sampled
    FROM said AS s
    JOIN shadows AS h ON h.numbered
    LEFT JOIN clock_bounds AS b ON b.host = s.host AND b.other = h.host
    WHERE s.failed = s.publications AND coalesce(h.until_ns >= s.first_ns + b.least_ns, TRUE)
        AND NOT EXISTS (
            SELECT 1 FROM readers AS r WHERE r.destination = s.destination AND r.system IS NOT DISTINCT FROM s.system)
),
producers_dark AS (
    -- Nobody knows a second send of what bears no id to be the same event's.
    SELECT s.event, s.destination, bool_or(coalesce(i.sampled, FALSE)) AS sampled
    FROM sent AS s
    LEFT JOIN instances AS i ON i.who = s.who
    WHERE s.event_id IS NOT NULL AND coalesce(NOT i.numbered OR i.received < i.expected OR i.dropped > 0, TRUE)
    GROUP BY s.event, s.destination
),
anyone_dark AS (
    SELECT event, destination, bool_or(sampled) AS sampled
    FROM (
        SELECT * FROM readers_dark UNION ALL SELECT * FROM unseen_dark UNION ALL SELECT * FROM producers_dark
    ) AS d
    GROUP BY event, destination
),
all_events AS (
    SELECT event, destination FROM said
    UNION
    SELECT event, destination FROM places
    UNION
    SELECT event, destination FROM seen_by_id
),
seen_any AS (
    SELECT event, destination, min(ref) AS ref, count(*) AS places FROM seen GROUP BY event, destination
)
SELECT
    e.event,
    e.destination,
    CASE
        WHEN s.acked > 0 OR s.committed > 0 THEN 'yes'
        WHEN s.open > 0 THEN 'in-doubt'
        WHEN s.aborted > 0 AND s.in_doubt = 0 AND s.untold = 0 THEN 'no'
        WHEN v.ref IS NOT NULL OR i.ref IS NOT NULL THEN 'yes'
        WHEN s.failed = s.publications AND (r.event IS NOT NULL OR n.event IS NOT NULL) THEN 'unknown'
        WHEN s.failed = s.publications THEN 'no'
        WHEN s.in_doubt > 0 THEN 'in-doubt'
        ELSE 'unknown'
    END AS answer,
    CASE
        WHEN s.acked > 0 OR s.committed > 0 THEN 'acked'
        WHEN s.open > 0 THEN 'transaction open'
        WHEN s.aborted > 0 AND s.in_doubt = 0 AND s.untold = 0 THEN 'aborted'
        WHEN v.ref IS NOT NULL OR i.ref IS NOT NULL THEN 'seen'
        WHEN s.failed = s.publications AND r.event IS NOT NULL
            THEN CASE WHEN r.sampled THEN 'sampled' ELSE 'telemetry gap' END
        WHEN s.failed = s.publications AND n.event IS NOT NULL THEN 'a record that nobody has named was handed out'
        WHEN s.failed = s.publications THEN 'failed'
        WHEN s.in_doubt > 0 THEN s.doubt
        WHEN s.publications IS NULL THEN 'no producer telemetry'
        ELSE 'ack not instrumented'
    END AS reason,
    coalesce(s.publications, 0) AS publications,
    s.first_ns,
    CASE WHEN s.acked > 0 OR s.committed > 0 OR s.aborted > 0 OR s.open > 0 THEN list_filter(s.refs, lambda x: x IS NOT NULL)
         WHEN v.ref IS NOT NULL THEN list_concat(coalesce(s.refs, []), [v.ref])
         WHEN i.ref IS NOT NULL THEN list_concat(coalesce(s.refs, []), [i.ref])
         ELSE coalesce(s.refs, []) END AS refs,
    coalesce(v.ref, i.ref) IS NOT NULL AS seen
FROM all_events AS e
LEFT JOIN said AS s ON s.event = e.event AND s.destination = e.destination
LEFT JOIN seen_any AS v ON v.event = e.event AND v.destination = e.destination
LEFT JOIN seen_by_id AS i ON i.event = e.event AND i.destination = e.destination
LEFT JOIN anyone_dark AS r ON r.event = e.event AND r.destination = e.destination
LEFT JOIN nameless AS n ON n.event = e.event AND n.destination = e.destination
