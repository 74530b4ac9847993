-- floors: below which offset a log's records are gone, by the broker's word. `came_below`: those that were gone before
-- the group first came to the log, and that it therefore never had to read.
-- empty unless: EXISTS (SELECT 1 FROM log_starts)
WITH logs AS (
    SELECT log, min(system) AS system, min(cluster) AS cluster, min(destination) AS destination,
        min("partition") AS "partition", min(era) AS era
    FROM placed
    WHERE log IS NOT NULL
    GROUP BY log
),
last_eras AS (
    -- An older topic of the same name has a log of its own, of which the broker no longer speaks.
    SELECT l.*
    FROM logs AS l
    WHERE NOT EXISTS (
        SELECT 1 FROM logs AS n
        WHERE n.system IS NOT DISTINCT FROM l.system AND n.cluster = l.cluster AND n.destination = l.destination
            AND n."partition" = l."partition" AND n.era > l.era)
),
came AS (
    SELECT grp, log, min(ns) AS came_ns FROM (
        SELECT grp, log, start_ns AS ns FROM moves
        UNION ALL
        SELECT grp, log, handed_ns FROM turns
    ) AS acts
    GROUP BY grp, log
)
SELECT
    c.grp, l.log,
    max(s.log_start) AS floor,
    max(CASE WHEN s.from_ns <= c.came_ns THEN s.log_start END) AS came_below,
    max(s.topics) > l.era + 1 AS recreated
FROM last_eras AS l
JOIN log_starts AS s ON l.system = 'kafka' AND s.destination = l.destination AND s."partition" = l."partition"
    AND (l.cluster = '' OR s.cluster_id IS NULL OR s.cluster_id = l.cluster)
JOIN came AS c ON c.log = l.log
GROUP BY c.grp, l.log, l.era
