-- unread: destinations at which no group was ever seen, among those that a question looks at. Empty where a dark instance
-- may be a group that reads them.
SELECT DISTINCT p.destination
FROM placed AS p
CROSS JOIN hiding AS h
WHERE p.operation IN ('send', 'create') AND p.destination IS NOT NULL AND NOT h.hidden
    AND NOT EXISTS (SELECT 1 FROM seen_groups AS s WHERE s.destination = p.destination)
