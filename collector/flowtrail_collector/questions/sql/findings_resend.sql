-- resend: one send operation stands at two or more offsets: the client's retry was not idempotent. Known by the same
-- producer epoch and send number, or by the same creation context: the send span that two records' consumers name as
-- their parent or link. The second is believed only where no other send of that producer to the destination is
-- unaccounted for, and of no record that another send was acked at: a client that reuses a header list makes several sends
-- look like the first.
-- empty unless: EXISTS (SELECT 1 FROM operations GROUP BY operation_id HAVING count(*) > 1) OR EXISTS (SELECT 1 FROM ties)
WITH by_number AS (
    SELECT o.operation_id, l.system, l.cluster, l.destination, o.log, l."partition", o."offset", o.ref, o.first_ns,
        l.event, l.message_id, TRUE AS numbered
    FROM operations AS o
    JOIN records AS l ON l.log = o.log AND l."offset" = o."offset"
),
unaccounted AS (
    SELECT who, destination, count(*) AS sends
    FROM publications AS p
    WHERE p."offset" IS NULL AND p.producer_seq IS NULL AND coalesce(p.outcome, '') <> 'failed'
        AND NOT EXISTS (SELECT 1 FROM ties AS t WHERE t.ref = p.ref)
    GROUP BY who, destination
),
tied AS (
    SELECT ref, log, "offset" FROM ties
    UNION
    SELECT p.ref, p.acked_log, p."offset"
    FROM publications AS p
    WHERE p.outcome = 'acked' AND p."offset" IS NOT NULL AND EXISTS (SELECT 1 FROM ties AS t WHERE t.ref = p.ref)
),
by_context AS (
    SELECT p.operation_id, r.system, r.cluster, r.destination, r.log, r."partition", r."offset", p.ref,
        r.first_ns, r.event, r.message_id, FALSE AS numbered
    FROM tied AS t
    JOIN publications AS p ON p.ref = t.ref
    JOIN records AS r ON r.log = t.log AND r."offset" = t."offset"
    LEFT JOIN unaccounted AS u ON u.who = p.who AND u.destination = p.destination
    WHERE u.sends IS NULL AND coalesce(p.batch_count, 1) = 1
        AND NOT EXISTS (
            SELECT 1 FROM publications AS o
            WHERE o.acked_log = t.log AND o."offset" = t."offset" AND o.outcome = 'acked'
                AND o.operation_id <> p.operation_id)
),
once AS (
    SELECT operation_id, system, cluster, destination, log, "partition", "offset", min(ref) AS ref,
        min(first_ns) AS first_ns, min(event) AS event, min(message_id) AS message_id, bool_or(numbered) AS numbered
    FROM (SELECT * FROM by_number UNION ALL SELECT * FROM by_context) AS s
    GROUP BY operation_id, system, cluster, destination, log, "partition", "offset"
),
stood AS (
    SELECT
        operation_id, system, cluster, destination, bool_and(numbered) AS numbered,
        min("partition")                       AS "partition",
        count(DISTINCT "partition")            AS partitions,
        count(*)                               AS places,
        list_sort(list("offset"))              AS offsets,
        list_sort(list(ref))                   AS evidence,
        min(first_ns)                          AS first_ns,
        max(first_ns)                          AS last_ns,
        min(event)                             AS event,
        list_sort(list_distinct(list(message_id) FILTER (WHERE message_id IS NOT NULL))) AS message_ids
    FROM once
    GROUP BY operation_id, system, cluster, destination
    HAVING count(*) > 1
),
senders AS (
    SELECT operation_id, min(producer) AS producer, min(ref) AS ref FROM publications GROUP BY operation_id
)
SELECT
    'resend' AS kind,
    'error'  AS severity,
    CASE WHEN s.numbered THEN 'same send number' ELSE 'same creation context' END AS reason,
    s.system, s.destination, s."partition", s.offsets,
    CAST(NULL AS VARCHAR) AS "group", p.producer, CAST(NULL AS VARCHAR) AS instance,
    s.message_ids, s.places AS count, s.first_ns, s.last_ns,
    CASE WHEN s.numbered THEN 'A' ELSE 'B' END AS grade,
    CASE WHEN p.ref IS NULL THEN s.evidence ELSE list_sort(list_distinct(list_concat(s.evidence, [p.ref]))) END AS evidence,
    coalesce(p.producer, 'the producer') || ' sent this event once and it stands at ' || s.places || ' offsets of '
        || s.destination || CASE WHEN s.partitions = 1 THEN ':' || s."partition" ELSE '' END || ' ('
        || array_to_string(s.offsets, ', ') || '): the client''s retry was not idempotent' AS summary,
    s.event
FROM stood AS s
LEFT JOIN senders AS p ON p.operation_id = s.operation_id
