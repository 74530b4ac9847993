-- records: every place in a log that telemetry speaks of, with the event that stands there.
--
-- The producer's word on the identity goes before the consumers'. `conflict`: two producers' acks name different
-- events at this place. `sends`, `told`: spans that claim it.
WITH claims AS (
    SELECT acked_log AS log, "offset", event_id, message_id, correlation_id, message_key, event_type, TRUE AS by_producer,
        ref, trace_id, host, start_ns, end_ns
    FROM publications
    WHERE outcome = 'acked' AND "offset" IS NOT NULL
    UNION ALL
    SELECT log, "offset", event_id, message_id, correlation_id, message_key, event_type, FALSE, ref,
        NULL, NULL, start_ns, end_ns
    FROM attempts
    WHERE "offset" IS NOT NULL
    UNION ALL
    SELECT log, "offset", event_id, event_id, correlation_id, message_key, NULL, FALSE, ref, NULL, NULL, start_ns, end_ns
    FROM handed
),
merged AS (
    SELECT
        log,
        "offset",
        min(event_id) FILTER (WHERE by_producer)       AS told_by_producer,
        min(event_id)                                  AS told_by_anyone,
        count(DISTINCT event_id) FILTER (WHERE by_producer) > 1 AS conflict,
        min(message_id)                                AS message_id,
        min(correlation_id)                            AS correlation_id,
        min(message_key)                               AS message_key,
        min(event_type)                                AS event_type,
        min(ref) FILTER (WHERE by_producer)            AS send_ref,
        min(start_ns)                                  AS first_ns,
        min(end_ns) FILTER (WHERE by_producer)         AS acked_ns,
        min(host) FILTER (WHERE by_producer)           AS acked_host
    FROM claims
    GROUP BY log, "offset"
),
logs AS (
    SELECT log, min(system) AS system, min(cluster) AS cluster, min(destination) AS destination,
        min("partition") AS "partition", min(era) AS era
    FROM placed
    WHERE log IS NOT NULL
    GROUP BY log
)
SELECT
    m.log, l.system, l.cluster, l.destination, l."partition", l.era, m."offset",
    coalesce(m.told_by_producer, m.told_by_anyone) AS event_id,
    coalesce(m.told_by_producer, m.told_by_anyone,
        'record ' || l.cluster || '/' || l.destination || ':' || l."partition" || ':' || m."offset" || '/' || l.era
    ) AS event,
    m.conflict, m.message_id, m.correlation_id, m.message_key, m.event_type, m.send_ref, m.first_ns, m.acked_ns, m.acked_host
FROM merged AS m
JOIN logs AS l ON l.log = m.log
