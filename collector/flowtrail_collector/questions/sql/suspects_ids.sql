-- suspects_ids: message ids that were sent to one destination more than once: necessary for a republish.
WITH repeated AS (
    SELECT destination, message_hash
    FROM looked
    WHERE operation IN ('send', 'create') AND message_hash IS NOT NULL
    GROUP BY destination, message_hash
    HAVING count(*) > 1
)
SELECT DISTINCT s.message_id
FROM looked AS s
JOIN repeated AS r ON r.destination = s.destination AND r.message_hash = s.message_hash
WHERE s.operation IN ('send', 'create')
