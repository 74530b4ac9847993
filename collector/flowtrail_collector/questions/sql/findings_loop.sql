-- loop: a causal chain passes the same (service, destination, event type) more often than the limit: each passing was
-- caused, directly or not, by the one before. One finding per chain and place; of several branches the longest.
--
-- Where no event type is known, events of one service to one destination count as of one type (grade C): several types
-- would look the same.
--
-- Copies on retry and dead-letter destinations, redeliveries and repeated sends of one event pass nothing (passings).
-- Evidence is the chain up to the passing that exceeds the limit.
-- empty unless: EXISTS (SELECT 1 FROM passings)
WITH RECURSIVE often AS (
    SELECT d.root, p.way
    FROM descents AS d
    JOIN passings AS p ON p.event = d.event
    WHERE d."first" AND p.producer IS NOT NULL
    GROUP BY d.root, p.way
    HAVING count(DISTINCT p.event) > (SELECT loop FROM limits)
),
walked AS (
    SELECT o.root, o.way, o.root AS event, CASE WHEN p.event IS NULL THEN 0 ELSE 1 END AS passes, 0 AS depth
    FROM often AS o
    LEFT JOIN passings AS p ON p.event = o.root AND p.way = o.way
    UNION ALL
    SELECT w.root, w.way, c.effect, w.passes + CASE WHEN p.event IS NULL THEN 0 ELSE 1 END, w.depth + 1
    FROM walked AS w
    JOIN caused AS c ON c.cause = w.event
    LEFT JOIN passings AS p ON p.event = c.effect AND p.way = w.way
),
ends AS (
    SELECT root, way, event, passes,
        row_number() OVER (PARTITION BY root, way ORDER BY passes DESC, depth, event) AS nth
    FROM walked
    WHERE passes > (SELECT loop FROM limits)
),
upward AS (
    SELECT root, way, event FROM ends WHERE nth = 1
    UNION ALL
    SELECT u.root, u.way, c.cause
    FROM upward AS u
    JOIN caused AS c ON c.effect = u.event
    WHERE u.event <> u.root
),
chain AS (
    SELECT u.root, u.way, u.event, w.passes, p.ref, p.system, p.destination, p."partition", p."offset", p.message_id,
        p.producer, p.event_type, p.start_ns, p.ours, coalesce(p.ref, c.ref) AS told_ref, p.ref IS NOT NULL AS passing
    FROM upward AS u
    JOIN walked AS w ON w.root = u.root AND w.way = u.way AND w.event = u.event AND w.passes > 0
    LEFT JOIN passings AS p ON p.event = u.event AND p.way = u.way
    LEFT JOIN caused AS c ON c.effect = u.event
)
SELECT
    'loop' AS kind,
    'error' AS severity,
    CASE WHEN min(event_type) IS NULL THEN 'event type unknown' END AS reason,
    min(system) AS system, min(destination) AS destination,
    CASE WHEN min("partition") = max("partition") THEN min("partition") END AS "partition",
    list_sort(list("offset") FILTER (WHERE "offset" IS NOT NULL)) AS offsets,
    CAST(NULL AS VARCHAR) AS "group", min(producer) AS producer, CAST(NULL AS VARCHAR) AS instance,
    list_sort(list(message_id) FILTER (WHERE message_id IS NOT NULL)) AS message_ids,
    max(passes) AS count,
    min(start_ns) AS first_ns, max(start_ns) AS last_ns,
    CASE WHEN min(event_type) IS NULL THEN 'C' WHEN bool_and(ours) THEN 'A' ELSE 'B' END AS grade,
    list_sort(list_distinct(list(told_ref) FILTER (WHERE passes <= (SELECT loop FROM limits) + 1))) AS evidence,
    min(producer) || ' published ' || coalesce(min(event_type), 'an event') || ' to ' || min(destination) || ' '
        || max(passes) || ' times in one chain of causes, more often than the limit of '
        || (SELECT loop FROM limits) AS summary,
    arg_min(event, CASE WHEN passing THEN passes END) AS event
FROM chain
GROUP BY root, way
