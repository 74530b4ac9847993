-- ties: which records consumers' spans tie to a send: as their parent or by a link, across traces, both ways. Whoever
-- names the creation of the message, or a send inside the send, names that send. What our tracer sent and read is known
-- by its number instead, and not here.
-- empty unless: EXISTS (SELECT 1 FROM placed WHERE number IS NULL AND operation IN ('send', 'create', 'receive', 'process'))
WITH contexts AS (
    SELECT ref, trace_id, span_id, destination, number FROM publications
    UNION
    SELECT p.ref, c.trace_id, c.span_id, p.destination, p.number
    FROM publications AS p
    JOIN placed AS c ON c.trace_id = p.trace_id AND c.destination = p.destination AND c.operation IN ('send', 'create')
        AND (c.span_id = p.parent_span_id OR c.parent_span_id = p.span_id)
)
SELECT b.ref, p.log, p."offset"
FROM contexts AS b
JOIN placed AS p ON p.trace_id = b.trace_id AND p.parent_span_id = b.span_id AND p.destination = b.destination
WHERE p.operation IN ('process', 'receive') AND p."offset" IS NOT NULL AND p.offset_last IS NULL AND p.log IS NOT NULL
    AND (b.number IS NULL OR p.number IS NULL)
UNION
SELECT b.ref, p.log, coalesce(l."offset", p."offset")
FROM contexts AS b
JOIN link_rows AS l ON l.linked_trace_id = b.trace_id AND l.linked_span_id = b.span_id
JOIN placed AS p ON p.trace_id = l.trace_id AND p.span_id = l.span_id AND p.destination = b.destination
WHERE p.operation IN ('process', 'receive') AND coalesce(l."offset", p."offset") IS NOT NULL
    AND p.offset_last IS NULL AND p.log IS NOT NULL AND (b.number IS NULL OR p.number IS NULL)
