-- suspects_ties: traces of sends that know neither offset nor message id and that spans of two records name as their parent
-- or by a link: necessary for a resend that is known by its creation context.
WITH bare AS (
    SELECT trace_id, span_id FROM looked
    WHERE operation IN ('send', 'create') AND "offset" IS NULL AND message_id IS NULL
),
ties AS (
    SELECT b.trace_id, b.span_id, p.destination, p."partition", p."offset"
    FROM bare AS b
    JOIN looked AS p ON p.trace_id = b.trace_id AND p.parent_span_id = b.span_id
    WHERE p.operation IN ('process', 'receive') AND p."offset" IS NOT NULL
    UNION
    SELECT b.trace_id, b.span_id, p.destination, coalesce(l."partition", p."partition"), coalesce(l."offset", p."offset")
    FROM bare AS b
    JOIN link_rows AS l ON l.linked_trace_id = b.trace_id AND l.linked_span_id = b.span_id
    JOIN looked AS p ON p.trace_id = l.trace_id AND p.span_id = l.span_id
    WHERE p.operation IN ('process', 'receive') AND coalesce(l."offset", p."offset") IS NOT NULL
)
SELECT trace_id FROM ties GROUP BY trace_id, span_id HAVING count(*) > 1
