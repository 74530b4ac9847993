-- map_caused: how many sends each group's processings of a destination caused, per destination they went to: those that
-- stand below the processing; of the others those that say whose copy they are (retries, dead letters), and those that
-- name as their causation an id that their service processed.
-- Of an id that it processed as several groups, or at several destinations, one counts.
WITH processed AS (
    SELECT
        e.trace_id, e.span_id, e.message_id, e.service, e.system, e.destination,
        coalesce(e.consumer_group, g.grp, e.service) AS grp
    FROM latency_seen AS e
    LEFT JOIN one_group AS g ON e.consumer_group IS NULL AND g.service = e.service AND g.destination = e.destination
    WHERE e.operation = 'process' AND e.destination IS NOT NULL AND e.start_ns BETWEEN $since - $margin AND $until
),
below AS (
    SELECT
        s.causation_id, s.service, s.system AS to_system, s.destination AS to_destination,
        CASE WHEN p.grp IS NULL THEN s.system ELSE p.system END                  AS system,
        CASE WHEN p.grp IS NULL THEN s.origin_destination ELSE p.destination END AS destination,
        CASE WHEN p.grp IS NULL AND s.origin_destination IS NOT NULL THEN s.origin_group ELSE p.grp END AS grp
    FROM map_effects AS s
    LEFT JOIN processed AS p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id
),
named AS (
    SELECT service, message_id, min(system) AS system, min(destination) AS destination, min(grp) AS grp
    FROM processed
    WHERE message_id IN (SELECT causation_id FROM below WHERE grp IS NULL AND causation_id IS NOT NULL)
    GROUP BY service, message_id
)
SELECT system, destination, grp, service, to_system, to_destination, count(*) AS events
FROM (
    SELECT system, destination, grp, service, to_system, to_destination FROM below WHERE grp IS NOT NULL
    UNION ALL
    SELECT n.system, n.destination, n.grp, b.service, b.to_system, b.to_destination
    FROM below AS b
    JOIN named AS n ON n.service = b.service AND n.message_id = b.causation_id
    WHERE b.grp IS NULL
) AS told
GROUP BY system, destination, grp, service, to_system, to_destination
