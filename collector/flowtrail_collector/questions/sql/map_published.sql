-- map_published: what each service sent to each destination in the window: events, how many definitely failed, how many
-- are in doubt (see publications: a foreign ERROR is a definite failure unless it was a timeout).
SELECT
    e.system, e.destination, e.service, sum(e.events)::BIGINT AS events,
    sum(CASE WHEN e.outcome = 'failed' THEN e.events ELSE 0 END)::BIGINT   AS failed,
    sum(CASE WHEN e.outcome = 'in-doubt' THEN e.events ELSE 0 END)::BIGINT AS in_doubt
FROM (
    SELECT
        system, destination, service, trace_id, span_id, greatest(1, coalesce(batch_count, 1)) AS events,
        CASE
            WHEN publish_outcome IS NOT NULL THEN publish_outcome
            WHEN number IS NOT NULL THEN 'in-doubt'
            WHEN status = 2 AND (error_type ILIKE '%timeout%' OR error_type ILIKE '%timedout%') THEN 'in-doubt'
            WHEN status = 2 THEN 'failed'
        END AS outcome
    FROM latency_seen
    WHERE operation IN ('send', 'create') AND destination IS NOT NULL AND start_ns BETWEEN $since AND $until
) AS e
LEFT JOIN map_repeated AS r ON r.trace_id = e.trace_id AND r.span_id = e.span_id
WHERE r.span_id IS NULL
GROUP BY e.system, e.destination, e.service
