-- suspects_inverted: causes and effects that a group began the other way round, by one clock, or by two with a known bound.
WITH begun AS (
    SELECT p.grp, coalesce(p.message_id, p.destination || ':' || p."partition" || ':' || p."offset") AS event,
        coalesce(p.host, p.instance) AS clock, p.start_ns
    FROM processed AS p
),
led AS MATERIALIZED (
    -- (By itself: the engine might begin with every two events of a group.)
    SELECT e.cause, e.effect, c.grp, c.clock, c.start_ns
    FROM edges AS e
    JOIN begun AS c ON c.event = e.cause
    WHERE e.cause <> e.effect
)
SELECT DISTINCT unnest([c.cause, c.effect]) AS event
FROM led AS c
JOIN begun AS f ON f.event = c.effect AND f.grp = c.grp
LEFT JOIN clock_bounds AS k ON k.host = f.clock AND k.other = c.clock
WHERE CASE WHEN f.clock = c.clock THEN f.start_ns < c.start_ns ELSE f.start_ns + k.most_ns < c.start_ns END
