-- status_instances: one row per process start that sent spans: how many of its numbered spans arrived. A foreign
-- instrumentation numbers nothing: of it nobody knows what is missing. Numbers removed by retention count as received.
SELECT
    s.service,
    s.instance,
    count(*)                                        AS spans,
    max(s.number)                                   AS expected,
    least(max(s.number), max(l.numbered))           AS received,
    max(s.dropped)                                  AS dropped,
    bool_or(s.operation = 'send')                   AS publishes,
    bool_or(s.operation = 'send' AND (s.publish_outcome IS NOT NULL OR s."offset" IS NOT NULL)) AS tells_acks,
    bool_or(s.operation IN ('receive', 'process'))  AS consumes,
    bool_or(s.operation = 'process')                AS tells_outcomes,
    bool_or(s.operation IN ('settle', 'assign'))    AS tells_positions,
    bool_or(s.consumer_group IS NOT NULL)           AS names_groups,
    max(s.end_ns)                                   AS last_ns
FROM span_rows AS s
LEFT JOIN (SELECT instance, sum(numbered)::BIGINT AS numbered FROM ledger_rows GROUP BY instance) AS l
    ON l.instance = s.instance
GROUP BY s.service, s.instance
