-- evidence: the spans that a question looks at, each once. Asking for one event or one window narrows this relation
-- and nothing else: every other relation is defined over it.
--
-- Where two stored spans share their ids and differ (a faulty sender), one stands for both, the same one whatever
-- order they came in: the last to end.
SELECT * EXCLUDE (attributes)
FROM span_rows
WHERE NOT conflicting
UNION ALL
SELECT * EXCLUDE (attributes, place)
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY trace_id, span_id
            ORDER BY end_ns DESC, start_ns, number, operation, destination, "partition", "offset", message_id, name
        ) AS place
    FROM span_rows
    WHERE conflicting
) AS told_twice
WHERE place = 1
