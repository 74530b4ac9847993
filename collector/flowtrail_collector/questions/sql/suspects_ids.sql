-- suspects_ids: message ids that were sent to one destination more than once: necessary for a republish. $1: the digests that
-- several sends bear, wherever to.
WITH given AS (
    SELECT unnest($1::UINTEGER[]) AS message_hash
),
repeated AS (
    SELECT destination, message_hash
    FROM looked
    WHERE operation IN ('send', 'create') AND message_hash IN (SELECT message_hash FROM given)
    GROUP BY destination, message_hash
    HAVING count(*) > 1
)
SELECT DISTINCT s.message_id
FROM looked AS s
JOIN repeated AS r ON r.destination = s.destination AND r.message_hash = s.message_hash
WHERE s.operation IN ('send', 'create') AND s.message_id IS NOT NULL
