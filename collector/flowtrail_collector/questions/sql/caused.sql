-- caused: of each event the one event that caused it, with the span that tells (`ref`). Each event stands here once at
-- most, so the causal chains of all events are a forest: they end, also where ids are reused.
--
-- What its first publication tells counts, strongest first: its causation id; the processing that it stands below; the
-- sends and processings that it links to (of several the one that began last). An event that was sent again later has
-- the cause of its first sending. Of an event whose sends are unknown, its consumers tell the causation id. A copy that
-- names no cause was caused by the event it copies.
-- empty unless: EXISTS (SELECT 1 FROM sent WHERE causation_id IS NOT NULL OR parent_span_id IS NOT NULL) OR EXISTS (SELECT 1 FROM link_rows) OR EXISTS (SELECT 1 FROM attempts WHERE causation_id IS NOT NULL)
WITH firsts AS (
    SELECT event, ref, trace_id, span_id, parent_span_id, causation_id
    FROM (
        SELECT event, ref, trace_id, span_id, parent_span_id, causation_id,
            row_number() OVER (PARTITION BY event ORDER BY start_ns, ref) AS nth
        FROM sent
        WHERE coalesce(outcome, 'acked') <> 'failed' AND coalesce(transaction_end, 'committed') <> 'aborted'
    ) AS s
    WHERE nth = 1
),
handlings AS (
    SELECT ref, min(event) AS event, min(start_ns) AS start_ns
    FROM (
        SELECT p.ref, r.event, p.start_ns
        FROM placed AS p
        JOIN records AS r ON r.log = p.log AND r."offset" = p."offset"
        WHERE p.operation = 'process'
        UNION ALL
        SELECT ref, event, start_ns FROM unplaced WHERE operation = 'process'
    ) AS h
    GROUP BY ref
    HAVING min(event) = max(event)
),
linked_to AS (
    SELECT ref, event, start_ns FROM handlings
    UNION ALL
    SELECT ref, event, start_ns FROM sent
),
tells AS (
    SELECT f.event AS effect, n.event AS cause, f.ref, 1 AS rank, 0 AS told_ns
    FROM firsts AS f
    JOIN event_names AS n ON n.name = f.causation_id
    UNION ALL
    SELECT f.event, h.event, f.ref, 2, 0
    FROM firsts AS f
    JOIN handlings AS h ON h.ref = f.trace_id || f.parent_span_id
    UNION ALL
    SELECT f.event, o.event, f.ref, 3, o.start_ns
    FROM firsts AS f
    JOIN link_rows AS l ON l.trace_id = f.trace_id AND l.span_id = f.span_id
    JOIN linked_to AS o ON o.ref = l.linked_trace_id || l.linked_span_id
    UNION ALL
    SELECT r.event, n.event, a.ref, 4, 0
    FROM attempts AS a
    JOIN records AS r ON r.log = a.log AND r."offset" = a."offset"
    JOIN event_names AS n ON n.name = a.causation_id
    LEFT JOIN sent AS s ON s.event = r.event
    WHERE s.event IS NULL
    UNION ALL
    SELECT copy.event, root.event, c.ref, 5, 0
    FROM chains AS c
    JOIN records AS copy ON copy.log = c.log AND copy."offset" = c."offset"
    JOIN records AS root ON root.log = c.root_log AND root."offset" = c.root_offset
),
ranked AS (
    SELECT effect, cause, ref,
        row_number() OVER (PARTITION BY effect ORDER BY rank, told_ns DESC, cause, ref) AS nth
    FROM tells
    WHERE cause <> effect
)
SELECT effect, cause, ref FROM ranked WHERE nth = 1
