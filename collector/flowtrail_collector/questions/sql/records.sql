-- records: every place in a log that telemetry speaks of, with the event that stands there.
--
-- The producer's word on the identity goes before the consumers'. `conflict`: two different events were told to stand at
-- this place, by producers' acks, or by acks and processings of our own tracer. The event that was read stands there
-- (`survived`); of what was acked there besides nothing more is known. Where two were read, or none, nobody knows which
-- one stands there.
--
-- `proven`: one of them overwrote the other. Both were acked, or one was acked and one was read that is known to have
-- been sent there; else the topic may have been created again unseen.
WITH published_ids AS (
    SELECT DISTINCT destination, event_id FROM publications WHERE event_id IS NOT NULL
),
claims AS (
    SELECT acked_log AS log, "offset", event_id, message_id, correlation_id, message_key, event_type, TRUE AS by_producer,
        FALSE AS was_read, TRUE AS was_sent, number IS NOT NULL AS ours, ref, trace_id, host, start_ns, end_ns
    FROM publications
    WHERE outcome = 'acked' AND "offset" IS NOT NULL
    UNION ALL
    SELECT a.log, a."offset", a.event_id, a.message_id, a.correlation_id, a.message_key, a.event_type, FALSE,
        a.number IS NOT NULL, i.event_id IS NOT NULL, a.number IS NOT NULL, a.ref, NULL, NULL, a.start_ns, a.end_ns
    FROM attempts AS a
    LEFT JOIN published_ids AS i ON i.destination = a.destination AND i.event_id = a.event_id
    WHERE a."offset" IS NOT NULL
    UNION ALL
    SELECT log, "offset", event_id, event_id, correlation_id, message_key, NULL, FALSE, FALSE, FALSE, FALSE, ref, NULL,
        NULL, start_ns, end_ns
    FROM handed
    UNION ALL
    -- Whoever read it knows no id, and names the send of ours that put it there.
    SELECT t.log, t."offset", p.event_id, p.message_id, p.correlation_id, p.message_key, p.event_type, FALSE, FALSE, FALSE,
        FALSE, p.ref, NULL, NULL, p.start_ns, p.end_ns
    FROM ties AS t
    JOIN publications AS p ON p.ref = t.ref AND p.number IS NOT NULL
),
merged AS (
    SELECT
        log,
        "offset",
        CASE WHEN count(DISTINCT event_id) FILTER (WHERE was_read) = 1 THEN min(event_id) FILTER (WHERE was_read) END
                                                       AS read_id,
        min(event_id) FILTER (WHERE by_producer)       AS told_by_producer,
        min(event_id)                                  AS told_by_anyone,
        count(DISTINCT event_id) FILTER (WHERE by_producer OR (was_read AND was_sent)) > 1 AND max(by_producer)
                                                       AS proven,
        count(DISTINCT event_id) FILTER (WHERE ours) > 1 AS told_two,
        min(message_id)                                AS message_id,
        min(correlation_id)                            AS correlation_id,
        min(message_key)                               AS message_key,
        min(event_type)                                AS event_type,
        min(ref) FILTER (WHERE by_producer)            AS send_ref,
        min(start_ns)                                  AS first_ns,
        min(end_ns) FILTER (WHERE by_producer)         AS acked_ns,
        min(host) FILTER (WHERE by_producer)           AS acked_host,
        min(start_ns) FILTER (WHERE by_producer)       AS sent_ns
    FROM claims
    GROUP BY log, "offset"
),
chosen AS (
    SELECT
        *,
        proven OR told_two AS conflict,
        CASE WHEN proven OR told_two THEN coalesce(read_id, told_by_producer, told_by_anyone)
             ELSE coalesce(told_by_producer, told_by_anyone) END AS event_id
    FROM merged
),
of_chosen AS (
    -- At a conflict, the names of the event that stands there and of no other.
    SELECT
        c.log, c."offset", min(c.message_id) AS message_id, min(c.correlation_id) AS correlation_id,
        min(c.message_key) AS message_key, min(c.event_type) AS event_type,
        min(c.ref) FILTER (WHERE c.by_producer) AS send_ref, min(c.end_ns) FILTER (WHERE c.by_producer) AS acked_ns,
        min(c.host) FILTER (WHERE c.by_producer) AS acked_host,
        min(c.start_ns) FILTER (WHERE c.by_producer) AS sent_ns
    FROM claims AS c
    JOIN chosen AS m ON m.log = c.log AND m."offset" = c."offset" AND m.conflict AND m.event_id = c.event_id
    GROUP BY c.log, c."offset"
),
logs AS (
    SELECT log, min(system) AS system, min(cluster) AS cluster, min(destination) AS destination,
        min("partition") AS "partition", min(era) AS era
    FROM placed
    WHERE log IS NOT NULL
    GROUP BY log
)
SELECT
    m.log, l.system, l.cluster, l.destination, l."partition", l.era, m."offset", m.event_id,
    coalesce(m.event_id,
        'record ' || l.cluster || '/' || l.destination || ':' || l."partition" || ':' || m."offset" || '/' || l.era
    ) AS event,
    m.conflict,
    m.proven,
    m.conflict AND m.read_id IS NOT NULL AS survived,
    CASE WHEN m.conflict THEN o.message_id ELSE m.message_id END AS message_id,
    CASE WHEN m.conflict THEN o.correlation_id ELSE m.correlation_id END AS correlation_id,
    CASE WHEN m.conflict THEN o.message_key ELSE m.message_key END AS message_key,
    CASE WHEN m.conflict THEN o.event_type ELSE m.event_type END AS event_type,
    CASE WHEN m.conflict THEN o.send_ref ELSE m.send_ref END AS send_ref,
    m.first_ns,
    CASE WHEN m.conflict THEN o.acked_ns ELSE m.acked_ns END AS acked_ns,
    CASE WHEN m.conflict THEN o.acked_host ELSE m.acked_host END AS acked_host,
    CASE WHEN m.conflict THEN o.sent_ns ELSE m.sent_ns END AS sent_ns
FROM chosen AS m
JOIN logs AS l ON l.log = m.log
LEFT JOIN of_chosen AS o ON o.log = m.log AND o."offset" = m."offset"
