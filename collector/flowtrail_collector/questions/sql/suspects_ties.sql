-- suspects_ties: traces of sends that consumers' spans tie to a record, as their parent or by a link, and that stand at another
-- one as well, by their own word or by another consumer's: necessary for a resend that is known by its creation context (see
-- ties). A send inside the creation of its message, or inside a send, is one context with that. What our tracer sent and
-- read is known by its number instead.
WITH contexts AS (
    SELECT s.trace_id, s.span_id, s.destination, s."partition", s."offset", s.number,
        coalesce(g.span_id, c.span_id, s.span_id) AS context
    FROM looked AS s
    LEFT JOIN looked AS c ON c.trace_id = s.trace_id AND c.span_id = s.parent_span_id AND c.destination = s.destination
        AND c.operation IN ('send', 'create')
    LEFT JOIN looked AS g ON g.trace_id = c.trace_id AND g.span_id = c.parent_span_id AND g.destination = c.destination
        AND g.operation IN ('send', 'create')
    WHERE s.operation IN ('send', 'create')
),
tied AS (
    SELECT b.trace_id, b.context, p.destination, p."partition", p."offset"
    FROM contexts AS b
    JOIN looked AS p ON p.trace_id = b.trace_id AND p.parent_span_id = b.span_id AND p.destination = b.destination
    WHERE p.operation IN ('process', 'receive') AND p."offset" IS NOT NULL AND (b.number IS NULL OR p.number IS NULL)
    UNION
    SELECT b.trace_id, b.context, p.destination, coalesce(l."partition", p."partition"), coalesce(l."offset", p."offset")
    FROM contexts AS b
    JOIN link_rows AS l ON l.linked_trace_id = b.trace_id AND l.linked_span_id = b.span_id
    JOIN looked AS p ON p.trace_id = l.trace_id AND p.span_id = l.span_id AND p.destination = b.destination
    WHERE p.operation IN ('process', 'receive') AND coalesce(l."offset", p."offset") IS NOT NULL
        AND (b.number IS NULL OR p.number IS NULL)
),
placed AS (
    SELECT trace_id, context, destination, "partition", "offset" FROM tied
    UNION
    SELECT b.trace_id, b.context, b.destination, b."partition", b."offset"
    FROM contexts AS b
    WHERE b."offset" IS NOT NULL AND b."partition" IS NOT NULL
        AND EXISTS (SELECT 1 FROM tied AS t WHERE t.trace_id = b.trace_id AND t.context = b.context)
)
SELECT DISTINCT trace_id FROM placed GROUP BY trace_id, context HAVING count(*) > 1
