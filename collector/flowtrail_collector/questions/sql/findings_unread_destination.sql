-- unread-destination: events were published to a destination at which no group was ever seen, neither by spans nor by the
-- broker. Dead-letter destinations are excepted: declared, known by their names, or by records that carry an origin.
--
-- Events that somebody unseen may have read (see overlooked) are not counted. Its evidence are the first and the last of the events.
-- empty unless: EXISTS (SELECT 1 FROM unread)
SELECT
    'unread-destination' AS kind,
    'warning'            AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    e.system, u.destination, CAST(NULL AS INTEGER) AS "partition", CAST([] AS BIGINT[]) AS offsets,
    CAST(NULL AS VARCHAR) AS "group", CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CAST([] AS VARCHAR[]) AS message_ids,
    count(*) FILTER (WHERE e.certain) AS count, min(CASE WHEN e.certain THEN e.first_ns END) AS first_ns,
    max(CASE WHEN e.certain THEN e.first_ns END) AS last_ns, 'B' AS grade,
    list_sort(list_distinct([
        min(CASE WHEN e.certain AND e.from_first = 1 THEN e.ref END),
        min(CASE WHEN e.certain AND e.from_last = 1 THEN e.ref END)]))
        AS evidence,
    CASE count(*) FILTER (WHERE e.certain) WHEN 1 THEN 'one event was'
        ELSE count(*) FILTER (WHERE e.certain) || ' events were' END
        || ' published to ' || u.destination || ', and no group was ever seen there'
        || CASE WHEN bool_or(NOT e.certain)
            THEN ', not counting ' || count(*) FILTER (WHERE NOT e.certain) || ' that somebody unseen may have read: telemetry is missing'
            ELSE '' END AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM unread AS u
JOIN arrivals AS e ON e.destination = u.destination
WHERE NOT EXISTS (SELECT 1 FROM roles AS r WHERE r.destination = u.destination AND r.is_dead_letter)
    AND NOT EXISTS (SELECT 1 FROM copies AS c WHERE c.destination = u.destination AND c.kind = 'dead-letter')
GROUP BY e.system, u.destination
HAVING bool_or(e.certain)
