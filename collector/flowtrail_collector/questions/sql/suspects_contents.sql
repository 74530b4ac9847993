-- suspects_contents: message ids whose content another message of the same destination and key bears.
WITH equal AS (
    SELECT destination, message_key, payload_digest
    FROM looked
    WHERE payload_digest IS NOT NULL AND operation IN ('send', 'process')
    GROUP BY destination, message_key, payload_digest
    HAVING min(message_id) <> max(message_id)
)
SELECT DISTINCT s.message_id
FROM looked AS s
JOIN equal AS e ON e.destination = s.destination AND e.message_key IS NOT DISTINCT FROM s.message_key
    AND e.payload_digest = s.payload_digest
WHERE s.message_id IS NOT NULL
