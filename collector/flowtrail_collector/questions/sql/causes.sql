-- causes: which event caused which: e2's send names e1 as its causation, or is a child of a processing of e1, or links to
-- a send or a processing of e1, or comes after e1 by a declared rule.
-- empty unless: EXISTS (SELECT 1 FROM sent WHERE causation_id IS NOT NULL OR parent_span_id IS NOT NULL) OR EXISTS (SELECT 1 FROM link_rows) OR EXISTS (SELECT 1 FROM ruled)
WITH linked AS MATERIALIZED (
    -- (By itself: joined with all the rest at once, DuckDB began with every send beside every other.)
    SELECT s.event, s.ref, l.linked_trace_id, l.linked_span_id
    FROM sent AS s
    JOIN link_rows AS l ON l.trace_id = s.trace_id AND l.span_id = s.span_id
    WHERE s.causation_id IS NULL
)
SELECT e1.event AS cause, s.event AS effect, min(s.ref) AS ref
FROM sent AS s
JOIN event_names AS e1 ON e1.name = s.causation_id
WHERE e1.event <> s.event
GROUP BY e1.event, s.event
UNION
SELECT r.event, s.event, min(s.ref)
FROM sent AS s
JOIN attempts AS a ON a.ref = s.trace_id || s.parent_span_id AND NOT a.batched
JOIN records AS r ON r.log = a.log AND r."offset" = a."offset"
WHERE s.causation_id IS NULL AND r.event <> s.event
GROUP BY r.event, s.event
UNION
SELECT coalesce(r.event, o.event), l.event, min(l.ref)
FROM linked AS l
LEFT JOIN attempts AS a ON a.ref = l.linked_trace_id || l.linked_span_id AND NOT a.batched
LEFT JOIN records AS r ON r.log = a.log AND r."offset" = a."offset"
LEFT JOIN sent AS o ON o.trace_id = l.linked_trace_id AND o.span_id = l.linked_span_id
WHERE coalesce(r.event, o.event) <> l.event
GROUP BY coalesce(r.event, o.event), l.event
UNION
SELECT cause, effect, ref FROM ruled
