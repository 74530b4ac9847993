-- map_repeated: sends that another span tells of as well: those inside of a send to the same destination (pika wraps a
-- publish twice), and creations of what is told to be sent. Ours are never told twice, so this is nearly always empty.
WITH told AS (
    SELECT trace_id, span_id, parent_span_id, operation, destination, message_id
    FROM latency_seen
    WHERE operation IN ('send', 'create') AND number IS NULL AND start_ns BETWEEN $since AND $until
)
SELECT i.trace_id, i.span_id
FROM told AS i
JOIN told AS o ON o.trace_id = i.trace_id AND o.span_id = i.parent_span_id AND o.destination = i.destination
    AND (o.message_id IS NULL OR i.message_id IS NULL OR o.message_id = i.message_id)
WHERE i.operation = 'send' AND o.operation = 'send'
UNION
SELECT c.trace_id, c.span_id
FROM told AS c
JOIN told AS s ON s.trace_id = c.trace_id AND s.destination = c.destination AND s.operation = 'send'
WHERE c.operation = 'create'
