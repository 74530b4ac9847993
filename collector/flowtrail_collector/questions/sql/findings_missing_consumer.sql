-- missing-consumer: a declared group saw nothing: of events that were published to its destination nothing at all was
-- seen of it there, neither a delivery nor a position, by spans or by the broker. One finding per destination and group;
-- `count` says how many events it did not see.
--
-- Not given where anybody hides anything (see hiding): the group may have come and left again in that hole, and an error must
-- never come of telemetry that was lost. There the answer in consumed is unknown. Nor is it given where nothing was
-- published. Its evidence are the first and the last of the events.
-- empty unless: EXISTS (SELECT 1 FROM missing) AND NOT EXISTS (SELECT 1 FROM hiding)
SELECT
    'missing-consumer' AS kind,
    'error'            AS severity,
    'declared'         AS reason,
    m.system, m.destination, CAST(NULL AS INTEGER) AS "partition", CAST([] AS BIGINT[]) AS offsets,
    m.grp AS "group", CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CAST([] AS VARCHAR[]) AS message_ids,
    count(*) AS count, min(e.first_ns) AS first_ns, max(e.first_ns) AS last_ns, 'B' AS grade,
    list_sort(list_distinct([min(CASE WHEN e.from_first = 1 THEN e.ref END), min(CASE WHEN e.from_last = 1 THEN e.ref END)]))
        AS evidence,
    m.grp || ' is declared to read ' || m.destination || ' and was never seen there; '
        || CASE count(*) WHEN 1 THEN 'one event was' ELSE count(*) || ' events were' END || ' published to it' AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM missing AS m
JOIN arrivals AS e ON e.destination = m.destination AND e.system IS NOT DISTINCT FROM m.system
WHERE NOT EXISTS (SELECT 1 FROM hiding)
GROUP BY m.system, m.destination, m.grp
