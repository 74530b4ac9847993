-- arrivals: the events that were published to destinations where somebody is missed, with the span that shows it. `certain`:
-- nobody can have read it unseen; those are counted from the first and from the last.
-- empty unless: EXISTS (SELECT 1 FROM missing) OR EXISTS (SELECT 1 FROM unread)
SELECT
    e.event, e.destination, e.system, e.first_ns, p.refs[1] AS ref, o.event IS NULL AS certain,
    row_number() OVER (PARTITION BY e.destination, e.system, o.event IS NULL ORDER BY e.first_ns, e.event) AS from_first,
    row_number() OVER (PARTITION BY e.destination, e.system, o.event IS NULL ORDER BY e.first_ns DESC, e.event DESC)
        AS from_last
FROM events AS e
JOIN published AS p ON p.event = e.event AND p.destination = e.destination
JOIN (SELECT destination FROM missing UNION SELECT destination FROM unread) AS m ON m.destination = e.destination
LEFT JOIN overlooked AS o ON o.event = e.event AND o.destination = e.destination
WHERE p.answer = 'yes'
