-- unread: destinations at which no group was ever seen, among those that a question looks at. Of events that somebody
-- unseen may have read (see overlooked) nothing is concluded from it.
SELECT DISTINCT p.destination
FROM placed AS p
WHERE p.operation IN ('send', 'create') AND p.destination IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM seen_groups AS s WHERE s.destination = p.destination)
