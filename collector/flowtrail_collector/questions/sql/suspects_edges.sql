-- suspects_edges: which event was caused by which, by any of the ways that `caused` and `causes` know; an event may stand
-- here with several. Events are known by message id, or by record where nobody told one.
WITH named AS (
    SELECT s.*, coalesce(s.message_id, k.message_id, s.destination || ':' || s."partition" || ':' || s."offset") AS event
    FROM looked AS s
    LEFT JOIN (
        -- Where one span of a record tells its id, it is the event of all of them.
        SELECT e.destination, e."partition", e."offset", min(e.message_id) AS message_id
        FROM looked AS e
        JOIN (
            SELECT DISTINCT destination, "partition", "offset" FROM looked
            WHERE operation IN ('send', 'create', 'process') AND message_id IS NULL AND "offset" IS NOT NULL
        ) AS u ON u.destination = e.destination AND u."partition" = e."partition" AND u."offset" = e."offset"
        WHERE e.message_id IS NOT NULL AND e.operation IN ('send', 'create', 'process')
        GROUP BY e.destination, e."partition", e."offset"
    ) AS k ON s.message_id IS NULL AND k.destination = s.destination AND k."partition" = s."partition"
        AND k."offset" = s."offset"
    WHERE s.operation IN ('send', 'create', 'process')
),
sends AS (
    SELECT * FROM named WHERE operation IN ('send', 'create')
),
unled AS (
    -- Sends whose cause no id names, but their surroundings may.
    SELECT trace_id, span_id, parent_span_id, event FROM sends WHERE causation_id IS NULL AND event IS NOT NULL
)
SELECT event AS effect, causation_id AS cause FROM sends WHERE causation_id IS NOT NULL AND event IS NOT NULL
UNION
SELECT p.event, p.causation_id
FROM named AS p
LEFT JOIN (SELECT DISTINCT event FROM sends) AS s ON s.event = p.event
WHERE p.operation = 'process' AND p.causation_id IS NOT NULL AND p.event IS NOT NULL AND s.event IS NULL
UNION
SELECT u.event, p.event
FROM unled AS u
JOIN named AS p ON p.trace_id = u.trace_id AND p.span_id = u.parent_span_id AND p.operation = 'process'
UNION
SELECT u.event, o.event
FROM unled AS u
JOIN link_rows AS l ON l.trace_id = u.trace_id AND l.span_id = u.span_id
JOIN named AS o ON o.trace_id = l.linked_trace_id AND o.span_id = l.linked_span_id
