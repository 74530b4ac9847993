-- told_sends: foreign sends that know neither offset nor message id, with the records that consumers' spans tie to
-- them: as their parent or by a link. Across traces, both ways.
-- empty unless: EXISTS (SELECT 1 FROM publications WHERE "offset" IS NULL AND event_id IS NULL)
WITH bare AS (
    SELECT ref, trace_id, span_id, destination
    FROM publications
    WHERE "offset" IS NULL AND event_id IS NULL
),
ties AS (
    SELECT b.ref, p.log, p."offset"
    FROM bare AS b
    JOIN placed AS p ON p.trace_id = b.trace_id AND p.parent_span_id = b.span_id AND p.destination = b.destination
    WHERE p.operation IN ('process', 'receive') AND p."offset" IS NOT NULL AND p.offset_last IS NULL
    UNION
    SELECT b.ref, p.log, coalesce(l."offset", p."offset")
    FROM bare AS b
    JOIN link_rows AS l ON l.linked_trace_id = b.trace_id AND l.linked_span_id = b.span_id
    JOIN placed AS p ON p.trace_id = l.trace_id AND p.span_id = l.span_id AND p.destination = b.destination
    WHERE p.operation IN ('process', 'receive') AND coalesce(l."offset", p."offset") IS NOT NULL
        AND p.offset_last IS NULL
)
SELECT ref, log, "offset", count(*) OVER (PARTITION BY ref) AS records_told
FROM ties
