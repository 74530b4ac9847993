-- event_names: the names by which events are called: ids together with their sources, and message ids alone. A message id
-- without its source names an event only where it names one alone.
SELECT name, min(event) AS event
FROM (
    SELECT event_id AS name, event FROM sent
    UNION
    SELECT message_id, event FROM sent
    UNION
    SELECT event_id, event FROM records
    UNION
    SELECT message_id, event FROM records
) AS n
WHERE name IS NOT NULL
GROUP BY name
HAVING min(event) = max(event)
