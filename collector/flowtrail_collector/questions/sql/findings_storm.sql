-- storm: one event caused, directly and transitively, more events than the limit. It stands at the event that begins
-- the causal chain, and at each that caused more than the limit directly. Distinct events are counted: no copies on
-- retry and dead-letter destinations, no event twice. Evidence is its own send and the first sends that exceed the limit.
-- empty unless: EXISTS (SELECT 1 FROM passings)
WITH effects AS (
    SELECT d.root, p.event, p.destination, p.ref, p.start_ns, p.ours,
        row_number() OVER (PARTITION BY d.root, p.event ORDER BY p.start_ns, p.ref) AS nth
    FROM descents AS d
    JOIN passings AS p ON p.event = d.event
    WHERE d.event <> d.root
),
ranked AS (
    SELECT root, event, destination, ref, start_ns, ours,
        row_number() OVER (PARTITION BY root ORDER BY start_ns, ref) AS place
    FROM effects
    WHERE nth = 1
),
counted AS (
    SELECT root, count(*) AS caused, max(start_ns) AS last_ns, bool_and(ours) AS ours,
        count(DISTINCT destination) AS destinations, min(destination) AS destination,
        list_sort(list(ref) FILTER (WHERE place <= (SELECT storm FROM limits) + 1)) AS refs
    FROM ranked
    GROUP BY root
    HAVING count(*) > (SELECT storm FROM limits)
),
direct AS (
    SELECT cause, count(*) AS effects FROM caused GROUP BY cause
),
heads AS (
    -- The event itself: where its publication is not known, its record.
    SELECT event, system, destination, "partition", "offset", message_id, producer, ref, start_ns,
        row_number() OVER (PARTITION BY event ORDER BY rank, start_ns, ref) AS nth
    FROM (
        SELECT event, system, destination, "partition", "offset", message_id, producer, ref, start_ns, 0 AS rank
        FROM sent
        WHERE event IN (SELECT root FROM counted)
        UNION ALL
        SELECT event, system, destination, "partition", "offset", message_id, NULL, send_ref, first_ns, 1
        FROM records
        WHERE event IN (SELECT root FROM counted)
    ) AS h
)
SELECT
    'storm'   AS kind,
    'warning' AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    h.system, h.destination, h."partition",
    CASE WHEN h."offset" IS NULL THEN [] ELSE [h."offset"] END AS offsets,
    CAST(NULL AS VARCHAR) AS "group", h.producer, CAST(NULL AS VARCHAR) AS instance,
    CASE WHEN h.message_id IS NULL THEN [] ELSE [h.message_id] END AS message_ids,
    c.caused AS count,
    h.start_ns AS first_ns, greatest(c.last_ns, h.start_ns) AS last_ns,
    CASE WHEN c.ours THEN 'A' ELSE 'B' END AS grade,
    CASE WHEN h.ref IS NULL THEN c.refs ELSE list_concat([h.ref], c.refs) END AS evidence,
    'this event on ' || h.destination || ' caused ' || c.caused || ' others, on '
        || CASE c.destinations WHEN 1 THEN c.destination ELSE c.destinations || ' destinations' END || ': '
        || coalesce(d.effects, 0) || ' directly, more than the limit of ' || l.storm || ' in all' AS summary,
    c.root AS event
FROM counted AS c
CROSS JOIN limits AS l
JOIN heads AS h ON h.event = c.root AND h.nth = 1
LEFT JOIN direct AS d ON d.cause = c.root
