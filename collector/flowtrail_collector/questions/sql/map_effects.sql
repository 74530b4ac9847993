-- map_effects: the window's sends that may have been caused by a processing, with what names it: the span they stand
-- below, whose copy they are (a retry, a dead letter), the id of their cause.
SELECT
    trace_id, parent_span_id, causation_id, service, system, destination, origin_group,
    CASE WHEN origin_group IS NOT NULL THEN origin_destination END AS origin_destination
FROM latency_seen
WHERE operation = 'send' AND destination IS NOT NULL AND start_ns BETWEEN $since AND $until
    AND (causation_id IS NOT NULL OR parent_span_id IS NOT NULL OR origin_group IS NOT NULL)
