-- unread-destination: events were published to a destination at which no group was ever seen, neither by spans nor by the
-- broker. Dead-letter destinations are excepted: declared, known by their names, or by records that carry an origin.
--
-- Not given where an instance that is dark may be a reader. Its evidence are the first and the last of the events.
-- empty unless: EXISTS (SELECT 1 FROM unread)
SELECT
    'unread-destination' AS kind,
    'warning'            AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    e.system, u.destination, CAST(NULL AS INTEGER) AS "partition", CAST([] AS BIGINT[]) AS offsets,
    CAST(NULL AS VARCHAR) AS "group", CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CAST([] AS VARCHAR[]) AS message_ids,
    count(*) AS count, min(e.first_ns) AS first_ns, max(e.first_ns) AS last_ns, 'B' AS grade,
    list_sort(list_distinct([min(CASE WHEN e.from_first = 1 THEN e.ref END), min(CASE WHEN e.from_last = 1 THEN e.ref END)]))
        AS evidence,
    CASE count(*) WHEN 1 THEN 'one event was' ELSE count(*) || ' events were' END || ' published to ' || u.destination
        || ', and no group was ever seen there' AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM unread AS u
JOIN arrivals AS e ON e.destination = u.destination
WHERE NOT EXISTS (SELECT 1 FROM roles AS r WHERE r.destination = u.destination AND r.is_dead_letter)
    AND NOT EXISTS (SELECT 1 FROM copies AS c WHERE c.destination = u.destination AND c.kind = 'dead-letter')
GROUP BY e.system, u.destination
