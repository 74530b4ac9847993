-- starts: where each group stands in each partition. `start` is the lowest of its assigned positions and delivered
-- offsets, over everything stored: below it nothing was ever for the group to read. `position` is its next offset: the
-- last of commit, assign, seek, reset or revoke, or the broker's committed position if that was sampled later.
WITH spoken AS (
    SELECT DISTINCT grp, log, system, cluster, destination, "partition" FROM placed
    WHERE grp IS NOT NULL AND log IS NOT NULL AND "partition" IS NOT NULL
),
lowest AS (
    SELECT p.grp, p.log,
        min(CASE WHEN p.operation IN ('receive', 'process') THEN p."offset" ELSE p."position" END) AS start
    FROM placed AS p
    WHERE p.log IS NOT NULL AND (
        p.operation IN ('assign', 'receive', 'process')
        -- An assignment that named no position came by it with this reset.
        OR (p.operation = 'settle' AND p.position_reason = 'reset' AND EXISTS (
            SELECT 1 FROM placed AS a
            WHERE a.operation = 'assign' AND a."position" IS NULL AND a.grp = p.grp AND a.log = p.log AND a.who = p.who
                AND a.ord_start <= p.ord_start)))
    GROUP BY p.grp, p.log
),
latest AS (
    SELECT
        grp, log, "position", reason, ref, end_ns,
        row_number() OVER (PARTITION BY grp, log ORDER BY gen DESC, ord DESC, reason, "position") AS place
    FROM moves
    WHERE "position" IS NOT NULL
)
SELECT
    s.grp, s.log, l.start,
    CASE WHEN b.at_ns IS NOT NULL AND (t.end_ns IS NULL OR b.at_ns > t.end_ns) THEN b."position" ELSE t."position" END
        AS "position",
    CASE WHEN b.at_ns IS NOT NULL AND (t.end_ns IS NULL OR b.at_ns > t.end_ns) THEN 'broker' ELSE t.reason END AS reason,
    CASE WHEN b.at_ns IS NOT NULL AND (t.end_ns IS NULL OR b.at_ns > t.end_ns) THEN NULL ELSE t.ref END AS ref
FROM (
    SELECT * FROM spoken
    UNION
    SELECT b.consumer_group, p.log, p.system, p.cluster, p.destination, p."partition"
    FROM committed_positions AS b
    JOIN (SELECT DISTINCT log, system, cluster, destination, "partition" FROM placed WHERE log IS NOT NULL) AS p
        ON p.system = 'kafka' AND p.destination = b.destination AND p."partition" = b."partition"
        AND (p.cluster = '' OR b.cluster_id IS NULL OR p.cluster = b.cluster_id)
) AS s
LEFT JOIN lowest AS l ON l.grp = s.grp AND l.log = s.log
LEFT JOIN latest AS t ON t.grp = s.grp AND t.log = s.log AND t.place = 1
LEFT JOIN committed_positions AS b ON b.consumer_group = s.grp AND b.destination = s.destination AND b."partition" = s."partition"
    AND s.system = 'kafka' AND (s.cluster = '' OR b.cluster_id IS NULL OR s.cluster = b.cluster_id)
