-- descents: every event that an event caused, directly or not: below each event that begins a causal chain, and below
-- each that caused more events directly than the limit of a storm. `root` itself is among them. Where an event is below
-- the first event of its chain and below such a wide one, it has a row for each; `first` tells them apart. Fewer causes than
-- the limits are not looked at.
-- empty unless: (SELECT count(*) FROM caused) >= (SELECT least(storm, loop) FROM limits)
WITH RECURSIVE beginnings AS (
    SELECT DISTINCT c.cause AS root, TRUE AS "first"
    FROM caused AS c
    LEFT JOIN caused AS u ON u.effect = c.cause
    WHERE u.effect IS NULL AND (SELECT count(*) FROM caused) >= (SELECT least(storm, loop) FROM limits)
    UNION ALL
    SELECT c.cause, FALSE
    FROM caused AS c
    JOIN caused AS u ON u.effect = c.cause
    GROUP BY c.cause
    HAVING count(*) > (SELECT storm FROM limits)
),
below AS (
    SELECT root, "first", root AS event FROM beginnings
    UNION ALL
    SELECT b.root, b."first", c.effect
    FROM below AS b
    JOIN caused AS c ON c.cause = b.event
)
SELECT root, "first", event FROM below
