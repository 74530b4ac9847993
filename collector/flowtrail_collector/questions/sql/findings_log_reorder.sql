-- log-reorder: within one producer instance, destination and partition, the log order differs from the send order.
-- error for one key, info across keys.
--
-- The record we see may not be the first copy of its send: an earlier copy could stand at an offset that nobody has
-- identified. Its possible places lie above whatever the producer had acked before it began this send, or anybody else had
-- for certain, and below the first record that overtook it: all of them must be known, down to the lowest offset that anything
-- is known of. (Nobody who could have told of a record below it is dark: what is left of the doubt no telemetry could
-- ever settle.) Where a reader is dark, who may tell of a copy below all that is known, down to the beginning of the log.
-- Transactional sends are idempotent and have one copy.
-- empty unless: EXISTS (SELECT 1 FROM (SELECT producer_seq < max(producer_seq) OVER (PARTITION BY who, producer_epoch, acked_log ORDER BY "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS back FROM publications) AS t WHERE back) OR EXISTS (SELECT 1 FROM operations GROUP BY operation_id HAVING count(*) > 1)
WITH late AS (
    SELECT o.*, EXISTS (SELECT 1 FROM hidden AS h WHERE h.log = o.log AND h."offset" = o.arrival) AS hidden
    FROM order_log AS o
    WHERE o.reordered AND NOT o.dark
),
lowest AS (
    SELECT log, min("offset") - 1 AS floor FROM records GROUP BY log
),
others AS (
    SELECT l.who, l.producer_epoch, l.log, l.s, max(r."offset") AS floor
    FROM late AS l
    JOIN publications AS p ON p.ref = l.ref
    JOIN records AS r ON r.log = l.log AND r."offset" < l.arrival
    JOIN clock_bounds AS b ON b.host = r.acked_host AND b.other = p.host
    WHERE r.acked_ns + b.most_ns < p.start_ns
    GROUP BY l.who, l.producer_epoch, l.log, l.s
),
bounds AS (
    SELECT
        l.who, l.producer_epoch, l.log, l.s,
        min(o.arrival) FILTER (WHERE o.s > l.s)                       AS overtaken_at,
        -- Where numbers order the spans they tell when each ended, not when it began.
        greatest(coalesce(max(o.arrival) FILTER (WHERE o.acked_ord < l.sent_ord AND NOT i.stepped), -1),
            coalesce(min(w.floor) FILTER (WHERE NOT i.stepped), -1),
            -- Below what is known of the log, somebody who is dark may yet tell of a copy.
            CASE WHEN bool_or(l.hidden) THEN -1 ELSE min(f.floor) END) AS floor,
        arg_min(o.ref, o.arrival) FILTER (WHERE o.s > l.s)            AS overtaker,
        min(q.event_id)                                               AS event_id,
        count(*) FILTER (WHERE o.s > l.s AND o.arrival < l.arrival)   AS overtakers
    FROM late AS l
    JOIN order_log AS o ON o.who = l.who AND o.producer_epoch = l.producer_epoch AND o.log = l.log
    JOIN instances AS i ON i.who = l.who
    JOIN lowest AS f ON f.log = l.log
    JOIN publications AS q ON q.ref = l.ref
    LEFT JOIN others AS w ON w.who = l.who AND w.producer_epoch = l.producer_epoch AND w.log = l.log AND w.s = l.s
    GROUP BY l.who, l.producer_epoch, l.log, l.s
),
known AS (
    SELECT b.who, b.producer_epoch, b.log, b.s, count(r."offset") AS identified
    FROM bounds AS b
    LEFT JOIN records AS r ON r.log = b.log AND r."offset" > b.floor AND r."offset" < b.overtaken_at
        AND (r.send_ref IS NOT NULL OR r.event_id IS NOT NULL)
        -- By whom this very event was put there is not told: it may be the copy.
        AND (r.send_ref IS NOT NULL OR r.event_id <> b.event_id OR EXISTS (
            SELECT 1 FROM attempts AS a
            WHERE a.log = r.log AND a."offset" = r."offset" AND a.producer_seq IS NOT NULL))
    GROUP BY b.who, b.producer_epoch, b.log, b.s
)
SELECT
    'log-reorder' AS kind,
    CASE WHEN l.one_key THEN 'error' ELSE 'info' END AS severity,
    CASE WHEN l.one_key THEN 'one key' ELSE 'across keys' END AS reason,
    l.system, l.destination, l."partition", [l.arrival] AS offsets, CAST(NULL AS VARCHAR) AS "group",
    l.producer, l.instance,
    CASE WHEN r.message_id IS NULL THEN [] ELSE [r.message_id] END AS message_ids,
    1 AS count, r.first_ns, l.arrival_ns AS last_ns, 'A' AS grade,
    list_sort([l.ref, b.overtaker]) AS evidence,
    l.producer || ' sent this event as number ' || l.s || ', but ' || l.destination || ':' || l."partition"
        || ' holds it behind ' || b.overtakers || CASE b.overtakers WHEN 1 THEN ' event' ELSE ' events' END
        || ' sent after it' || CASE WHEN l.one_key THEN ', with the same key' ELSE '' END AS summary,
    r.event
FROM late AS l
JOIN bounds AS b ON b.who = l.who AND b.producer_epoch = l.producer_epoch AND b.log = l.log AND b.s = l.s
JOIN known AS k ON k.who = l.who AND k.producer_epoch = l.producer_epoch AND k.log = l.log AND k.s = l.s
JOIN records AS r ON r.log = l.log AND r."offset" = l.arrival
WHERE l.transactional OR k.identified = b.overtaken_at - b.floor - 1
