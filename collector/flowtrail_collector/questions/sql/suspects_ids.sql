-- suspects_ids: message ids that were sent to one destination more than once: necessary for a republish. $1: the digests that
-- several sends bear, wherever to. (Among millions of ids some thousand share their digests with another.)
SELECT DISTINCT message_id
FROM (
    SELECT message_id
    FROM looked
    WHERE operation IN ('send', 'create') AND message_id IS NOT NULL
        AND message_hash IN (SELECT unnest($1::UINTEGER[]))
    GROUP BY destination, message_id
    HAVING count(*) > 1
) AS repeated
