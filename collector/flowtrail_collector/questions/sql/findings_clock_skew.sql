-- clock-skew: a message was begun before it was sent, by the clocks of two hosts: one of them is off by at least that
-- much. Latencies between them are not to be relied on. One finding for each pair of hosts, from one millisecond on.
-- empty unless: EXISTS (SELECT 1 FROM clock_deltas WHERE delta_ns < 0)
SELECT
    'clock-skew' AS kind,
    'info' AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    CAST(NULL AS VARCHAR) AS system, CAST(NULL AS VARCHAR) AS destination, CAST(NULL AS INTEGER) AS "partition",
    CAST([] AS BIGINT[]) AS offsets, CAST(NULL AS VARCHAR) AS "group", service AS producer,
    other_instance AS instance,
    CAST([] AS VARCHAR[]) AS message_ids,
    1 AS count, least(first_ns, last_ns) AS first_ns, greatest(first_ns, last_ns) AS last_ns,
    'A' AS grade,
    list_sort([sent_ref, begun_ref]) AS evidence,
    'the clock of ' || other || ' is at least ' || CASE
        WHEN delta_ns < -1000000000 THEN round(-delta_ns / 1e9, 1) || ' s'
        ELSE round(-delta_ns / 1e6, 1) || ' ms' END
        || ' behind the clock of ' || host || ': ' || other_service || ' began what ' || service
        || ' had yet to send; latencies between them are not to be relied on' AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM clock_deltas
WHERE delta_ns <= -1000000
