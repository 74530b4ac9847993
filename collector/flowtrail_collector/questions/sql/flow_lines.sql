-- flow_lines: one row per flow: what became of all its events, the gravest thing first. Copies on retry and dead-letter
-- destinations belong to the event they copy.
--
-- The verdict is the gravest that holds for any of its events and groups, in the order of `weight`; `ok` where every
-- event was published and every expected group processed it.
WITH originals AS (
    SELECT e.*
    FROM events AS e
    WHERE NOT EXISTS (
        SELECT 1 FROM places AS p
        WHERE p.event = e.event AND p.destination = e.destination AND p.copied
            AND NOT EXISTS (
                SELECT 1 FROM places AS q WHERE q.event = p.event AND q.destination = p.destination AND NOT q.copied)
    )
),
consumption AS (
    SELECT
        c.event, c.destination,
        count(*) FILTER (WHERE c.answer <> 'not-expected')                       AS expected,
        count(*) FILTER (WHERE c.answer = 'processed')                           AS done,
        sum(c.handings)                                                          AS deliveries,
        arg_min(c.answer, CASE c.answer
            WHEN 'unfinished' THEN 10 WHEN 'dead-lettered' THEN 11 WHEN 'failed' THEN 12 WHEN 'skipped' THEN 13
            WHEN 'missing' THEN 14 WHEN 'retrying' THEN 22 WHEN 'pending' THEN 24 WHEN 'in-progress' THEN 25
            WHEN 'received' THEN 26 WHEN 'unknown' THEN 40 WHEN 'processed' THEN 90 ELSE 91 END) AS worst,
        min(CASE c.answer
            WHEN 'unfinished' THEN 10 WHEN 'dead-lettered' THEN 11 WHEN 'failed' THEN 12 WHEN 'skipped' THEN 13
            WHEN 'missing' THEN 14 WHEN 'retrying' THEN 22 WHEN 'pending' THEN 24 WHEN 'in-progress' THEN 25
            WHEN 'received' THEN 26 WHEN 'unknown' THEN 40 WHEN 'processed' THEN 90 ELSE 91 END) AS weight,
        max(CASE c.grade WHEN '?' THEN 4 WHEN 'C' THEN 3 WHEN 'B' THEN 2 ELSE 1 END) AS doubt,
        list_sort(list(c.grp))                                                   AS groups
    FROM consumed AS c
    GROUP BY c.event, c.destination
),
worst_group AS (
    SELECT event, destination, answer, min(grp) AS grp, min(reason) AS reason, max(lag_in_front) AS lag_in_front
    FROM consumed
    GROUP BY event, destination, answer
),
ended AS (
    SELECT r.event, p.destination, max(t.ended_ns) AS ended_ns
    FROM turns AS t
    JOIN records AS r ON r.log = t.log AND r."offset" = t."offset"
    JOIN places AS p ON p.event = r.event AND p.log = t.log AND p."offset" = t."offset"
    GROUP BY r.event, p.destination
),
first_place AS (
    SELECT event, destination, arg_min("partition", "offset") AS "partition", min("offset") AS "offset"
    FROM places
    WHERE NOT copied
    GROUP BY event, destination
),
judged AS (
    SELECT
        o.flow, o.flow_kind, o.event, o.destination, o.message_id, o.event_type, o.message_key, o.producer, o.system,
        o.first_ns, e.ended_ns, f."partition", f."offset",
        coalesce(c.expected, 0) AS expected, coalesce(c.done, 0) AS done, coalesce(c.deliveries, 0) AS deliveries,
        c.groups,
        CASE
            WHEN p.answer = 'no' THEN 'not-published'
            WHEN p.answer = 'in-doubt' THEN 'in-doubt'
            WHEN c.weight IS NULL AND p.answer = 'unknown' THEN 'unknown'
            WHEN c.weight IS NULL OR c.weight >= 90 THEN 'ok'
            ELSE c.worst
        END AS verdict,
        CASE
            WHEN p.answer = 'no' THEN 9
            WHEN p.answer = 'in-doubt' THEN 21
            WHEN c.weight IS NULL AND p.answer = 'unknown' THEN 40
            WHEN c.weight IS NULL OR c.weight >= 90 THEN 90
            ELSE c.weight
        END AS weight,
        CASE
            WHEN p.answer IN ('no', 'in-doubt') THEN coalesce(o.producer, 'the producer') || ': ' || p.reason
            WHEN c.worst = 'processed' OR c.worst IS NULL THEN NULL
            WHEN c.worst = 'pending' AND g.lag_in_front IS NOT NULL
                AND g.lag_in_front = 0 THEN g.grp || ' reads it next'
            WHEN c.worst = 'pending' AND g.lag_in_front IS NOT NULL
                THEN g.grp || ' is ' || g.lag_in_front || CASE g.lag_in_front WHEN 1 THEN ' event' ELSE ' events' END || ' behind it'
            ELSE g.grp || ': ' || c.worst || coalesce(' (' || g.reason || ')', '')
        END AS why,
        greatest(coalesce(c.doubt, 1), CASE WHEN p.answer = 'unknown' THEN 4 ELSE 1 END) AS doubt
    FROM originals AS o
    JOIN published AS p ON p.event = o.event AND p.destination = o.destination
    LEFT JOIN consumption AS c ON c.event = o.event AND c.destination = o.destination
    LEFT JOIN worst_group AS g ON g.event = o.event AND g.destination = o.destination AND g.answer = c.worst
    LEFT JOIN ended AS e ON e.event = o.event AND e.destination = o.destination
    LEFT JOIN first_place AS f ON f.event = o.event AND f.destination = o.destination
),
numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY flow ORDER BY first_ns, destination, event)         AS by_time,
        row_number() OVER (PARTITION BY flow ORDER BY weight, first_ns, destination, event) AS by_weight
    FROM judged
)
SELECT
    flow,
    min(flow_kind)                                                   AS flow_kind,
    max(CASE WHEN by_weight = 1 THEN verdict END)                    AS verdict,
    min(weight)                                                      AS weight,
    max(CASE WHEN by_weight = 1 THEN why END)                        AS why,
    max(CASE WHEN by_weight = 1 THEN doubt END)                      AS doubt,
    min(first_ns)                                                    AS first_ns,
    greatest(max(ended_ns), max(first_ns))                           AS last_ns,
    count(*)                                                         AS events,
    sum(deliveries)                                                  AS deliveries,
    sum(done)                                                        AS groups_done,
    sum(expected)                                                    AS groups_expected,
    count(*) FILTER (WHERE expected = done AND weight >= 90)         AS hops_done,
    CASE WHEN sum(expected) > 0 AND sum(expected) = sum(done) THEN max(ended_ns) - min(first_ns) END AS end_to_end_ns,
    max(CASE WHEN by_time = 1 THEN message_id END)                   AS message_id,
    max(CASE WHEN by_time = 1 THEN event_type END)                   AS event_type,
    max(CASE WHEN by_time = 1 THEN destination END)                  AS destination,
    max(CASE WHEN by_time = 1 THEN "partition" END)                  AS "partition",
    max(CASE WHEN by_time = 1 THEN "offset" END)                     AS "offset",
    max(CASE WHEN by_time = 1 THEN message_key END)                  AS message_key,
    max(CASE WHEN by_time = 1 THEN producer END)                     AS producer,
    max(CASE WHEN by_time = 1 THEN system END)                       AS system,
    list_sort(list_distinct(list(event)))                            AS members,
    list_sort(list_distinct(list(destination)))                      AS destinations,
    list_sort(list_distinct(flatten(list(coalesce(groups, [])))))    AS groups
FROM numbered
GROUP BY flow
