-- placed: messaging spans with the log, the group and the instance they speak of.
--
-- who         the instance; a sender without `service.instance.id` is known by its service name only
-- grp         the group: named; or the one named group of the same service on that destination; else the service
--             name, and then `assumed`
-- log         a number for (system, cluster, destination, partition, era). An era ends where acked offsets start again
--             at 0: a topic that was deleted and created again is another log
-- event_id    identity by name: the message id, with its source where it is a CloudEvents id
-- ord_start,  order within one instance: its clock, or its numbers where its clock was set back
-- ord_end
WITH only_cluster AS (
    -- A producer may not know its cluster yet when it sends its first spans.
    SELECT system, destination, min(cluster_id) AS cluster_id
    FROM evidence
    WHERE cluster_id IS NOT NULL
    GROUP BY system, destination
    HAVING count(DISTINCT cluster_id) = 1
),
only_group AS (
    SELECT service, destination, min(consumer_group) AS grp
    FROM evidence
    WHERE consumer_group IS NOT NULL
    GROUP BY service, destination
    HAVING count(DISTINCT consumer_group) = 1
),
sited AS (
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
    LEFT JOIN only_cluster AS c ON c.system IS NOT DISTINCT FROM e.system AND c.destination = e.destination
    LEFT JOIN only_group AS g ON g.service = e.service AND g.destination = e.destination
    WHERE e.operation IS NOT NULL
),
firsts AS (
    SELECT system, cluster, destination, "partition", event_id, min(start_ns) AS from_ns
    FROM sited
    WHERE operation = 'send' AND "offset" = 0 AND publish_outcome = 'acked' AND event_id IS NOT NULL
    GROUP BY system, cluster, destination, "partition", event_id
),
restarts AS (
    SELECT
        system, cluster, destination, "partition", from_ns,
        row_number() OVER (PARTITION BY system, cluster, destination, "partition" ORDER BY from_ns, event_id) - 1 AS era
    FROM firsts
),
dated AS (
    SELECT
        s.trace_id,
        s.span_id,
        coalesce(max(r.era), 0) AS era
    FROM sited AS s
    JOIN restarts AS r
        ON r.era > 0 AND r.system IS NOT DISTINCT FROM s.system AND r.cluster = s.cluster
        AND r.destination = s.destination AND r."partition" = s."partition" AND r.from_ns <= s.start_ns
    GROUP BY s.trace_id, s.span_id
),
aged AS (
    SELECT s.*, coalesce(d.era, 0) AS era
    FROM sited AS s
    LEFT JOIN dated AS d ON d.trace_id = s.trace_id AND d.span_id = s.span_id
),
logs AS (
    SELECT
        system, cluster, destination, "partition", era,
        row_number() OVER (ORDER BY system, cluster, destination, "partition", era) AS log
    FROM (SELECT DISTINCT system, cluster, destination, "partition", era FROM aged WHERE destination IS NOT NULL) AS l
)
SELECT
    a.* EXCLUDE (event_source, cluster_id, consumer_group),
    a.trace_id || a.span_id AS ref,
    l.log,
    i.dark,
    CASE WHEN i.stepped AND a.number IS NOT NULL THEN a.number * 10 - 1 ELSE a.start_ns END AS ord_start,
    CASE WHEN i.stepped AND a.number IS NOT NULL THEN a.number * 10 ELSE a.end_ns END       AS ord_end
FROM aged AS a
LEFT JOIN logs AS l
    ON l.system IS NOT DISTINCT FROM a.system AND l.cluster = a.cluster AND l.destination = a.destination
    AND l."partition" IS NOT DISTINCT FROM a."partition" AND l.era = a.era
LEFT JOIN instances AS i ON i.who = a.who
