-- status_instances: one row per process start that sent spans: how many of its numbered spans arrived. A foreign
-- instrumentation numbers nothing: of it nobody knows what is missing. What retention removed counts as received.
SELECT
    service,
    instance,
    sum(spans)::BIGINT                                  AS spans,
    max(last_number)                                    AS expected,
    least(max(last_number), sum(numbered))::BIGINT      AS received,
    max(dropped)                                        AS dropped,
    bool_or(operation = 'send')                         AS publishes,
    bool_or(operation IN ('receive', 'process'))        AS consumes,
    bool_or(operation = 'process')                      AS tells_outcomes,
    bool_or(operation IN ('settle', 'assign'))          AS tells_positions,
    bool_or(consumer_group IS NOT NULL)                 AS names_groups,
    max(last_ns)                                        AS last_ns
FROM ledger_rows
GROUP BY service, instance
