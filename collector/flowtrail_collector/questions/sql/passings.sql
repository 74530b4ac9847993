-- passings: the publications of events in causal chains that are large enough to be a storm or a loop: one row per event
-- and destination, the first one. `way` numbers the (service, destination, event type) that it passed.
--
-- A copy passes nothing: one that carries an origin, or stands on a retry or dead-letter destination. What failed
-- definitively or was aborted was no event. A redelivery publishes nothing, and one event that was sent again is one.
-- empty unless: EXISTS (SELECT 1 FROM descents)
WITH large AS (
    SELECT root FROM descents GROUP BY root HAVING count(*) > (SELECT least(storm, loop) FROM limits)
),
members AS (
    SELECT DISTINCT d.event FROM descents AS d JOIN large AS g ON g.root = d.root
),
published_once AS (
    SELECT s.event, s.system, s.destination, s."partition", s."offset", s.message_id, s.producer, s.ref, s.start_ns,
        s.number IS NOT NULL AS ours,
        coalesce(s.event_type, r.event_type) AS event_type,
        row_number() OVER (PARTITION BY s.event, s.system, s.destination ORDER BY s.start_ns, s.ref) AS nth
    FROM sent AS s
    JOIN members AS m ON m.event = s.event
    LEFT JOIN records AS r ON r.log = s.acked_log AND r."offset" = s."offset"
    LEFT JOIN (SELECT DISTINCT ref FROM copies) AS c ON c.ref = s.ref
    LEFT JOIN (SELECT DISTINCT log, "offset" FROM copies WHERE "offset" IS NOT NULL) AS k
        ON k.log = s.acked_log AND k."offset" = s."offset"
    WHERE coalesce(s.outcome, 'acked') <> 'failed' AND coalesce(s.transaction_end, 'committed') <> 'aborted'
        AND s.origin_destination IS NULL AND c.ref IS NULL AND k.log IS NULL
        AND NOT EXISTS (SELECT 1 FROM roles AS n WHERE n.destination = s.destination AND (n.is_retry OR n.is_dead_letter))
)
SELECT
    event, system, destination, "partition", "offset", message_id, producer, ref, start_ns, ours, event_type,
    dense_rank() OVER (
        ORDER BY coalesce(system, ''), destination, coalesce(producer, ''), coalesce(event_type, '')
    ) AS way
FROM published_once
WHERE nth = 1
