-- overlooked: events on destinations where somebody is missed that may have been read by somebody unseen: not sent while all
-- was watched (see watched), or by nobody knows whom. `sampled`: somebody who hides is known to keep a part of its spans only.
-- empty unless: EXISTS (SELECT 1 FROM hiding)
WITH missed AS (
    SELECT destination FROM missing
    UNION
    SELECT destination FROM unread
),
doubtful AS (
    SELECT s.event, s.destination
    FROM sent AS s
    JOIN missed AS m ON m.destination = s.destination
    LEFT JOIN watched AS w ON w.host = s.host
    WHERE w.host IS NULL OR s.start_ns <= w.after_ns OR coalesce(s.start_ns >= w.before_ns, FALSE)
    UNION
    SELECT p.event, p.destination
    FROM (SELECT event, destination FROM places UNION SELECT event, destination FROM unplaced) AS p
    JOIN missed AS m ON m.destination = p.destination
    WHERE NOT EXISTS (SELECT 1 FROM sent AS s WHERE s.event = p.event AND s.destination = p.destination)
)
SELECT event, destination, EXISTS (SELECT 1 FROM hiding WHERE sampled) AS sampled
FROM doubtful
WHERE EXISTS (SELECT 1 FROM hiding)
