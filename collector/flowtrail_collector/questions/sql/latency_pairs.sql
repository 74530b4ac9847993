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
WITH likely AS (
    -- Digests that several tell of. Ids are compared where these are equal.
    SELECT dest, message_hash
    FROM latency_sends
    WHERE message_hash IS NOT NULL
    GROUP BY dest, message_hash
    HAVING count(*) > 1
),
bearing AS (
    SELECT s.dest, s.event_id, s.log, s."offset", s.start_ns, s.site
    FROM latency_sends AS s
    JOIN likely AS l ON l.dest = s.dest AND l.message_hash = s.message_hash
    UNION ALL
    SELECT dest, event_id, log, "offset", start_ns, site FROM latency_places WHERE event_id IS NOT NULL
    UNION ALL
    SELECT s.dest, s.event_id, s.log, s."offset", s.start_ns, s.site
    FROM latency_sends AS s
    WHERE EXISTS (SELECT 1 FROM latency_places AS p WHERE p.event_id = s.event_id AND p.dest = s.dest)
),
several AS (
    SELECT dest, event_id, row_number() OVER (ORDER BY dest, event_id) AS number, min(start_ns) AS start_ns,
        arg_min(site, start_ns) AS site
    FROM bearing
    WHERE event_id IS NOT NULL
    GROUP BY dest, event_id
    HAVING count(*) > 1
),
numbered AS (
    SELECT DISTINCT b.log, b."offset", m.number, m.start_ns, m.site
    FROM bearing AS b
    JOIN several AS m ON m.dest = b.dest AND m.event_id = b.event_id
),
inside AS (
    SELECT p.*,
        CASE WHEN m.number IS NULL THEN p.log ELSE 0 END              AS event_log,
        coalesce(m.number, p."offset")                                AS event_offset,
        CASE WHEN m.number IS NULL THEN p.start_ns ELSE m.start_ns END AS event_start_ns,
        m.number IS NULL OR coalesce(m.site = p.site, FALSE)          AS by_one_sender
    FROM latency_places AS p
    JOIN latency_wanted AS w ON w.log = p.log
    LEFT JOIN numbered AS m ON m.log = p.log AND m."offset" = p."offset"
    WHERE coalesce(p.start_ns, p.first_ns) BETWEEN $since AND $until
),
paired AS (
    SELECT
        i.dest, r.party, r.dark, r.tells, i.event_log, i.event_offset, i.event_start_ns, i.by_one_sender, i.start_ns,
        i.conflict, i.ending, i.site, f.log IS NOT NULL AS tried, coalesce(f.end_ns, c.end_ns) AS end_ns,
        CASE WHEN f.end_ns IS NOT NULL THEN f.site ELSE c.site END  AS end_site
    FROM inside AS i
    JOIN latency_readers AS r ON r.dest = i.dest
    LEFT JOIN latency_starts AS s ON s.log = i.log AND s.party = r.party
    LEFT JOIN latency_firsts AS f ON f.log = i.log AND f."offset" = i."offset" AND f.party = r.party
    LEFT JOIN latency_copies AS c ON c.log = i.log AND c."offset" = i."offset" AND c.party = r.party
    -- Of a copy a group may have processed what it never came to read itself.
    WHERE (coalesce(s.start <= i."offset", TRUE) OR c.log IS NOT NULL) AND (i.ending IS DISTINCT FROM 'aborted' OR f.end_ns IS NOT NULL)
),
between_clocks AS (
    -- What lies between the clocks of any two that publish and process.
    SELECT a.site, z.site AS end_site, NOT coalesce(a.who = z.who OR a.host = z.host, FALSE) AS across, b.least_ns, b.most_ns
    FROM (SELECT DISTINCT site, end_site FROM paired) AS p
    JOIN latency_sites AS a ON a.site = p.site
    JOIN latency_sites AS z ON z.site = p.end_site
    LEFT JOIN clock_bounds AS b ON b.host = a.host AND b.other = z.host
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
        coalesce(b.across, TRUE) AS across, b.least_ns, b.most_ns
    FROM paired AS p
    LEFT JOIN between_clocks AS b ON b.site = p.site AND b.end_site = p.end_site
)
SELECT
    dest, party, event_log, event_offset, event_start_ns, ending, state, event_start_ns - start_ns AS before_ns, by_one_sender,
    CASE WHEN state = 'ok' THEN across END AS across,
    CASE WHEN state = 'ok' THEN end_ns - start_ns END AS latency,
    CASE WHEN state <> 'ok' THEN NULL WHEN NOT across THEN end_ns - start_ns
         WHEN end_ns - start_ns > most_ns THEN end_ns - start_ns - most_ns WHEN most_ns IS NOT NULL THEN 0 END AS least,
    CASE WHEN state <> 'ok' THEN NULL WHEN NOT across THEN end_ns - start_ns
         WHEN end_ns - start_ns > least_ns THEN end_ns - start_ns - least_ns WHEN least_ns IS NOT NULL THEN 0 END AS most,
    CASE WHEN state = 'ok' THEN end_ns < start_ns
        OR (across AND NOT coalesce(least_ns <= 0 AND most_ns >= 0, FALSE)) END AS doubtful
FROM judged
