-- placed: messaging spans with the log, the group and the instance they speak of.
--
-- who         the instance; a sender without `service.instance.id` is known by its service name only
-- grp         the group: named; or the one named group of the same service on that destination; else the service
--             name, and then `assumed`
-- log         a number for (system, cluster, destination, partition, era). An era ends where acked offsets start again
--             at 0: a topic that was deleted and created again is another log. That they start *again* is known by two
--             events at 0, or by one that was sent after a later offset was acked, on one clock that nobody set: more than
--             the default delivery timeout after it, or before a different event was sent that stands at that later
--             offset. Null where two hosts' clocks leave open of which of them a span speaks
-- event_id    identity by name: the message id, with its source where it is a CloudEvents id
-- ord_start,  order within one instance: its clock, or its numbers where its clock was set back
-- ord_end
WITH sited AS (
    SELECT
        e.*,
        coalesce(e.instance, 'service ' || e.service)           AS who,
        coalesce(e.cluster_id, c.cluster_id, '')                AS cluster,
        CASE WHEN e.operation IN ('receive', 'process', 'settle', 'assign', 'revoke')
             THEN coalesce(e.consumer_group, g.grp, e.service) END AS grp,
        e.consumer_group IS NULL AND g.grp IS NULL              AS assumed,
        CASE WHEN e.event_source IS NOT NULL AND e.message_id IS NOT NULL
             THEN e.event_source || '#' || e.message_id ELSE e.message_id END AS event_id
    FROM evidence AS e
    LEFT JOIN one_cluster AS c ON c.system IS NOT DISTINCT FROM e.system AND c.destination = e.destination
    LEFT JOIN one_group AS g ON g.service = e.service AND g.destination = e.destination
    WHERE e.operation IS NOT NULL
),
firsts AS (
    SELECT system, cluster, destination, "partition", event_id, min(start_ns) AS from_ns, arg_min(host, start_ns) AS host,
        arg_min(who, start_ns) AS who
    FROM sited
    WHERE operation = 'send' AND "offset" = 0 AND publish_outcome = 'acked' AND event_id IS NOT NULL
    GROUP BY system, cluster, destination, "partition", event_id
),
resumed AS (
    SELECT DISTINCT f.system, f.cluster, f.destination, f."partition"
    FROM firsts AS f
    JOIN sited AS s ON s.system IS NOT DISTINCT FROM f.system AND s.cluster = f.cluster AND s.destination = f.destination
        AND s."partition" = f."partition" AND (s.who = f.who OR s.host = f.host)
    WHERE s.operation = 'send' AND s."offset" > 0 AND s.publish_outcome = 'acked' AND s.end_ns < f.from_ns
        AND NOT EXISTS (SELECT 1 FROM clock_steps AS c WHERE c.who IN (s.who, f.who))
        AND (s.end_ns < f.from_ns - 120000000000 OR EXISTS (
            SELECT 1 FROM sited AS n
            WHERE n.system IS NOT DISTINCT FROM s.system AND n.cluster = s.cluster AND n.destination = s.destination
                AND n."partition" = s."partition" AND n."offset" = s."offset" AND n.event_id <> s.event_id
                AND n.operation = 'send' AND n.publish_outcome = 'acked' AND n.start_ns > f.from_ns AND n.who = f.who))
        AND NOT EXISTS (
            SELECT 1 FROM firsts AS e
            WHERE e.system IS NOT DISTINCT FROM f.system AND e.cluster = f.cluster AND e.destination = f.destination
                AND e."partition" = f."partition" AND e.from_ns < f.from_ns)
),
restarts AS (
    SELECT
        f.system, f.cluster, f.destination, f."partition", f.from_ns, f.host, f.who,
        row_number() OVER (
            PARTITION BY f.system, f.cluster, f.destination, f."partition" ORDER BY f.from_ns, f.event_id
        ) - CASE WHEN r.destination IS NULL THEN 1 ELSE 0 END AS era
    FROM firsts AS f
    LEFT JOIN resumed AS r ON r.system IS NOT DISTINCT FROM f.system AND r.cluster = f.cluster
        AND r.destination = f.destination AND r."partition" = f."partition"
),
dated AS (
    SELECT
        s.trace_id,
        s.span_id,
        max(CASE WHEN s.who = r.who OR s.host = r.host THEN CASE WHEN r.from_ns <= s.start_ns THEN r.era END
                 WHEN s.start_ns + b.least_ns >= r.from_ns THEN r.era END) AS era,
        -- Whether it speaks of the old log or of the new one, two clocks do not tell.
        bool_or(NOT coalesce(s.who = r.who, FALSE) AND NOT coalesce(s.host = r.host, FALSE)
            AND coalesce(s.start_ns + b.least_ns < r.from_ns AND s.start_ns + b.most_ns >= r.from_ns, TRUE)) AS doubtful
    FROM sited AS s
    JOIN restarts AS r
        ON r.era > 0 AND r.system IS NOT DISTINCT FROM s.system AND r.cluster = s.cluster
        AND r.destination = s.destination AND r."partition" = s."partition"
    LEFT JOIN clock_bounds AS b ON b.host = s.host AND b.other = r.host
    GROUP BY s.trace_id, s.span_id
),
aged AS (
    SELECT s.*, CASE WHEN d.doubtful THEN NULL ELSE coalesce(d.era, 0) END AS era
    FROM sited AS s
    LEFT JOIN dated AS d ON d.trace_id = s.trace_id AND d.span_id = s.span_id
),
logs AS (
    SELECT
        system, cluster, destination, "partition", era,
        row_number() OVER (ORDER BY system, cluster, destination, "partition", era) AS log
    FROM (SELECT DISTINCT system, cluster, destination, "partition", era FROM aged WHERE destination IS NOT NULL AND era IS NOT NULL) AS l
)
SELECT
    a.trace_id, a.span_id, a.parent_span_id, a.start_ns, a.end_ns, a.status, a.error_type, a.service, a.instance, a.host,
    a.scope, a.number, a.system, a.operation, a.operation_name, a.destination, a."partition", a."offset", a.offset_last,
    a.offset_runs, a.batch_count, a.message_id, a.correlation_id, a.causation_id, a.event_type, a.message_key,
    a.producer_epoch, a.producer_seq, a.publish_outcome, a.publish_timeout_ms, a.attempt, a.outcome_inferred, a.member,
    a.generation, a."position", a.position_reason, a.origin_destination, a.origin_partition, a.origin_offset,
    a.origin_group, a.payload_digest, a.schema_id, a.content_type, a.event_version, a.transaction_id, a.transaction_outcome,
    a.sampling,
    a.who, a.cluster, a.grp, a.assumed, a.event_id, a.era,
    a.trace_id || a.span_id AS ref,
    l.log,
    -- It may have hidden something since.
    coalesce(i.dark_until >= a.start_ns, FALSE) AS dark,
    CASE WHEN i.stepped AND a.number IS NOT NULL THEN a.number * 10 - 1 ELSE a.start_ns END AS ord_start,
    CASE WHEN i.stepped AND a.number IS NOT NULL THEN a.number * 10 ELSE a.end_ns END       AS ord_end
FROM aged AS a
LEFT JOIN logs AS l
    ON l.system IS NOT DISTINCT FROM a.system AND l.cluster = a.cluster AND l.destination = a.destination
    AND l."partition" IS NOT DISTINCT FROM a."partition" AND l.era = a.era
LEFT JOIN instances AS i ON i.who = a.who
