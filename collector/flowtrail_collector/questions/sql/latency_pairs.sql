-- latency_pairs: every message of the window beside every group that is expected to process it, and how long that took:
-- from the start of its publication to the end of the group's first processing that ended ok, on the record or on a copy
-- of its chain.
--
-- A message belongs to the window in which its publication began, or, where none is known, its first processing. What lies
-- below a group's start was never for it. `least` and `most`: the truth lies between them. By one clock they are what was
-- measured; by the clocks of two hosts what `clock_bounds` leaves, null where nothing bounds them. Nothing is adjusted.
-- `doubtful`: by two clocks that are not bounded, or that do not agree within their bounds, or of which the end seems to
-- come before the beginning.
--
-- `state`: ok, or why there is nothing to measure. `event_log` and `event_offset` name the event: its place, or, where
-- several places bear its id, 0 and a number; `event_start_ns` is when its first publication began.
WITH several AS (
    SELECT dest, event_id, row_number() OVER (ORDER BY dest, event_id) AS number, min(start_ns) AS start_ns,
        arg_min(who, start_ns) AS who
    FROM (
        SELECT dest, event_id, start_ns, who FROM latency_places
        UNION ALL
        SELECT dest, event_id, start_ns, who FROM latency_sends WHERE log < 0 AND NOT acked
    ) AS told
    WHERE event_id IS NOT NULL
    GROUP BY dest, event_id
    HAVING count(*) > 1
),
inside AS (
    SELECT p.*,
        CASE WHEN m.number IS NULL THEN p.log ELSE 0 END              AS event_log,
        coalesce(m.number, p."offset")                                AS event_offset,
        CASE WHEN m.number IS NULL THEN p.start_ns ELSE m.start_ns END AS event_start_ns,
        m.number IS NULL OR coalesce(m.who = p.who, FALSE)            AS by_one_sender
    FROM latency_places AS p
    JOIN latency_wanted AS w ON w.log = p.log
    LEFT JOIN several AS m ON m.dest = p.dest AND m.event_id = p.event_id
    WHERE coalesce(p.start_ns, p.first_ns) BETWEEN $since AND $until
),
paired AS (
    SELECT
        i.dest, r.grp, r.dark, r.tells, i.event_log, i.event_offset, i.event_start_ns, i.by_one_sender, i.start_ns,
        i.conflict, i.ending, i.host, i.who, f.log IS NOT NULL AS tried,
        coalesce(f.end_ns, c.end_ns)                                AS end_ns,
        CASE WHEN f.end_ns IS NOT NULL THEN f.host ELSE c.host END  AS end_host,
        CASE WHEN f.end_ns IS NOT NULL THEN f.who ELSE c.who END    AS end_who
    FROM inside AS i
    JOIN latency_readers AS r ON r.dest = i.dest
    LEFT JOIN latency_starts AS s ON s.log = i.log AND s.grp = r.grp
    LEFT JOIN latency_firsts AS f ON f.log = i.log AND f."offset" = i."offset" AND f.grp = r.grp
    LEFT JOIN latency_copies AS c ON c.log = i.log AND c."offset" = i."offset" AND c.grp = r.grp
    WHERE coalesce(s.start <= i."offset", TRUE) AND (i.ending IS DISTINCT FROM 'aborted' OR f.end_ns IS NOT NULL)
),
judged AS (
    SELECT
        p.*,
        CASE
            WHEN p.conflict                         THEN 'two events at one record'
            WHEN p.end_ns IS NOT NULL AND p.start_ns IS NULL THEN 'publication not known'
            WHEN p.end_ns IS NOT NULL               THEN 'ok'
            WHEN p.tried                            THEN 'not ended ok'
            WHEN NOT p.tells                        THEN 'processing not instrumented'
            WHEN p.dark                             THEN 'telemetry gap'
            ELSE 'no processing known'
        END AS state,
        NOT coalesce(p.who = p.end_who OR p.host = p.end_host, FALSE) AS across,
        b.least_ns, b.most_ns
    FROM paired AS p
    LEFT JOIN clock_bounds AS b ON b.host = p.host AND b.other = p.end_host
)
SELECT
    dest, grp, event_log, event_offset, event_start_ns, ending, state, event_start_ns - start_ns AS before_ns, by_one_sender,
    CASE WHEN state = 'ok' THEN across END AS across,
    CASE WHEN state = 'ok' THEN end_ns - start_ns END AS latency,
    CASE WHEN state <> 'ok' THEN NULL WHEN NOT across THEN end_ns - start_ns
         WHEN end_ns - start_ns > most_ns THEN end_ns - start_ns - most_ns WHEN most_ns IS NOT NULL THEN 0 END AS least,
    CASE WHEN state <> 'ok' THEN NULL WHEN NOT across THEN end_ns - start_ns
         WHEN end_ns - start_ns > least_ns THEN end_ns - start_ns - least_ns WHEN least_ns IS NOT NULL THEN 0 END AS most,
    CASE WHEN state = 'ok' THEN end_ns < start_ns
        OR (across AND NOT coalesce(least_ns <= 0 AND most_ns >= 0, FALSE)) END AS doubtful
FROM judged
