-- missing-consumer: a declared group saw nothing: of events that were published to its destination nothing at all was
-- seen of it there, neither a delivery nor a position, by spans or by the broker. One finding per destination and group;
-- `count` says how many events it did not see.
--
-- Events that somebody unseen may have read (see overlooked) are not counted: there the answer in consumed is unknown. Nor is
-- it given where nothing was published. Its evidence are the first and the last of the events.
-- empty unless: EXISTS (SELECT 1 FROM missing)
SELECT
    'missing-consumer' AS kind,
    'error'            AS severity,
    'declared'         AS reason,
    m.system, m.destination, CAST(NULL AS INTEGER) AS "partition", CAST([] AS BIGINT[]) AS offsets,
    m.grp AS "group", CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CAST([] AS VARCHAR[]) AS message_ids,
    count(*) FILTER (WHERE e.certain) AS count, min(CASE WHEN e.certain THEN e.first_ns END) AS first_ns,
    max(CASE WHEN e.certain THEN e.first_ns END) AS last_ns, 'B' AS grade,
    list_sort(list_distinct([
        min(CASE WHEN e.certain AND e.from_first = 1 THEN e.ref END),
        min(CASE WHEN e.certain AND e.from_last = 1 THEN e.ref END)]))
        AS evidence,
    m.grp || ' is declared to read ' || m.destination || ' and was never seen there; '
        || CASE count(*) FILTER (WHERE e.certain) WHEN 1 THEN 'one event was'
                ELSE count(*) FILTER (WHERE e.certain) || ' events were' END || ' published to it'
        || CASE WHEN bool_or(NOT e.certain)
            THEN ', not counting ' || count(*) FILTER (WHERE NOT e.certain) || ' that somebody unseen may have read: telemetry is missing'
            ELSE '' END AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM missing AS m
JOIN arrivals AS e ON e.destination = m.destination AND e.system IS NOT DISTINCT FROM m.system
GROUP BY m.system, m.destination, m.grp
HAVING bool_or(e.certain)
