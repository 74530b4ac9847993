-- overlooked: events on destinations that nobody seems to read, and that may have been read by somebody unseen: not sent while
-- all was watched (see watched), or by nobody knows whom.
-- empty unless: EXISTS (SELECT 1 FROM hiding)
WITH doubtful AS (
    SELECT s.event, s.destination
    FROM sent AS s
    JOIN unread AS m ON m.destination = s.destination
    LEFT JOIN watched AS w ON w.host = s.host
    WHERE w.host IS NULL OR s.start_ns <= w.after_ns OR coalesce(s.start_ns >= w.before_ns, FALSE)
    UNION
    SELECT p.event, p.destination
    FROM (SELECT event, destination FROM places UNION SELECT event, destination FROM unplaced) AS p
    JOIN unread AS m ON m.destination = p.destination
    WHERE NOT EXISTS (SELECT 1 FROM sent AS s WHERE s.event = p.event AND s.destination = p.destination)
)
SELECT event, destination
FROM doubtful
WHERE EXISTS (SELECT 1 FROM hiding)
