-- events: one row per event and destination, with its names and the flow it belongs to. Public.
--
-- A flow is all events that share a correlation id; without one, all events of one trace (`flow_kind` trace). Traces
-- that links join are followed by the questions that need them.
WITH told AS (
    SELECT event, destination, event_id, system, cluster, message_id, correlation_id, causation_id, event_type,
        message_key, producer, trace_id, start_ns AS ns, 0 AS rank
    FROM sent
    UNION ALL
    SELECT p.event, p.destination, p.event_id, p.system, p.cluster, coalesce(a.message_id, p.message_id),
        coalesce(a.correlation_id, p.correlation_id), a.causation_id, a.event_type, coalesce(a.message_key, p.message_key),
        NULL, a.trace_id, coalesce(a.start_ns, p.first_ns), 1
    FROM places AS p
    LEFT JOIN attempts AS a ON a.log = p.log AND a."offset" = p."offset"
    UNION ALL
    SELECT u.event, u.destination, u.event, u.system, '', u.event, s.correlation_id, NULL, NULL, NULL, NULL,
        s.trace_id, u.start_ns, 2
    FROM unplaced AS u
    JOIN placed AS s ON s.ref = u.ref
    WHERE NOT EXISTS (SELECT 1 FROM sent AS t WHERE t.event = u.event)
)
SELECT
    event,
    destination,
    min(event_id)                       AS event_id,
    min(system)                         AS system,
    min(cluster)                        AS cluster,
    coalesce(min(message_id) FILTER (WHERE rank = 0), min(message_id)) AS message_id,
    coalesce(min(correlation_id) FILTER (WHERE rank = 0), min(correlation_id)) AS correlation_id,
    min(causation_id)                   AS causation_id,
    min(event_type)                     AS event_type,
    coalesce(min(message_key) FILTER (WHERE rank = 0), min(message_key)) AS message_key,
    min(producer)                       AS producer,
    arg_min(trace_id, ns)               AS trace_id,
    min(ns)                             AS first_ns,
    coalesce(min(correlation_id), lower(hex(arg_min(trace_id, ns)))) AS flow,
    CASE WHEN min(correlation_id) IS NOT NULL THEN 'correlation' ELSE 'trace' END AS flow_kind
FROM told
GROUP BY event, destination
