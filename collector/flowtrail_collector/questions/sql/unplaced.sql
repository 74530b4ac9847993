-- unplaced: foreign receives and processings that name no record. They are tied to an event by its message id, or to a
-- send as its child or by a link, across traces. A receive beside a processing of the same event in the same instance
-- is the same delivery told twice.
-- empty unless: EXISTS (SELECT 1 FROM placed WHERE operation IN ('receive', 'process') AND "offset" IS NULL)
WITH bare AS (
    SELECT ref, trace_id, span_id, parent_span_id, operation, destination, system, grp, assumed, service, who, member,
        event_id, status, error_type, attempt, start_ns, end_ns
    FROM placed
    WHERE operation IN ('receive', 'process') AND "offset" IS NULL AND destination IS NOT NULL
),
tied AS (
    SELECT b.ref, b.event_id AS event FROM bare AS b WHERE b.event_id IS NOT NULL
    UNION
    SELECT b.ref, s.event
    FROM bare AS b
    JOIN sent AS s ON s.trace_id = b.trace_id AND s.span_id = b.parent_span_id AND s.destination = b.destination
    WHERE b.event_id IS NULL
    UNION
    SELECT b.ref, s.event
    FROM bare AS b
    JOIN link_rows AS l ON l.trace_id = b.trace_id AND l.span_id = b.span_id AND l."offset" IS NULL
    JOIN sent AS s ON s.trace_id = l.linked_trace_id AND s.span_id = l.linked_span_id AND s.destination = b.destination
    WHERE b.event_id IS NULL
)
SELECT
    t.event, b.destination, b.system, b.grp, b.assumed, b.service, b.who, b.member, b.ref, b.operation,
    coalesce(b.status, 0) = 2 AS failed, b.error_type, b.attempt, b.start_ns, b.end_ns
FROM tied AS t
JOIN bare AS b ON b.ref = t.ref
WHERE b.operation = 'process' OR NOT EXISTS (
    SELECT 1 FROM tied AS u JOIN bare AS c ON c.ref = u.ref
    WHERE u.event = t.event AND c.operation = 'process' AND c.who = b.who AND c.grp = b.grp)
