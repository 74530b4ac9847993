-- readers: the groups that were seen on a destination, delivering or committing, or that the broker knows to have
-- committed there. One row per group and destination.
--
-- `instrumented`: an instance of its service has sent a process span for it, so a delivered record without one began
-- and never ended once its member went on. `dark`: some instance of it may hide what it did at any time (see instances),
-- so nothing may be concluded from what was not seen of this group. `dark_until`: only until then, on the clock of
-- `dark_host`: of a record that came to be later, all was seen. `sampled`: some instance of it is known to keep a part of
-- its spans only.
WITH here AS (
    SELECT DISTINCT system, destination FROM placed WHERE destination IS NOT NULL
),
told AS (
    SELECT
        n.system, n.destination, n.grp,
        bool_and(n.assumed)                            AS assumed,
        min(n.service)                                 AS service,
        bool_or(n.operation = 'process')               AS instrumented,
        bool_or(i.who IS NULL OR i.dark_until = 9223372036854775807 OR (i.dark_until IS NOT NULL AND i.host IS NULL))
            OR count(DISTINCT CASE WHEN i.dark_until IS NOT NULL THEN i.host END) > 1 AS dark,
        max(i.dark_until)                              AS dark_until,
        min(CASE WHEN i.dark_until IS NOT NULL THEN i.host END) AS dark_host,
        bool_or(coalesce(i.numbered, FALSE))           AS numbered,
        bool_or(coalesce(i.sampled, FALSE))            AS sampled,
        TRUE                                           AS traced
    FROM group_members AS n
    JOIN here ON here.system IS NOT DISTINCT FROM n.system AND here.destination = n.destination
    LEFT JOIN instances AS i ON i.who = n.who
    GROUP BY n.system, n.destination, n.grp
),
committed AS (
    SELECT DISTINCT 'kafka' AS system, b.destination, b.consumer_group AS grp
    FROM committed_positions AS b
    JOIN here ON here.destination = b.destination AND here.system = 'kafka'
    WHERE b."position" IS NOT NULL
)
SELECT * FROM told
UNION ALL
SELECT c.system, c.destination, c.grp, FALSE, NULL, FALSE, TRUE, NULL, NULL, FALSE, FALSE, FALSE
FROM committed AS c
WHERE NOT EXISTS (
    SELECT 1 FROM told AS t WHERE t.system = c.system AND t.destination = c.destination AND t.grp = c.grp
)
