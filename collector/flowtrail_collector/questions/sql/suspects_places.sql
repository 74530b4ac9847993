-- suspects_places: what sends and processings tell of the records of some logs: $1 to $2. Copies with an origin are left out:
-- they carry their original's headers. Nothing is null: the lowest number stands for what is not told.
SELECT l.log, s."offset", s.operation = 'send'                               AS send,
    coalesce(s.message_hash, -9223372036854775808)                          AS message_hash,
    coalesce(s.producer_seq, -9223372036854775808)                          AS seq,
    coalesce(k.epoch, -9223372036854775808)                                 AS epoch
FROM looked AS s
JOIN logs AS l ON l.destination = s.destination AND l."partition" = s."partition"
LEFT JOIN epochs AS k ON k.producer_epoch = s.producer_epoch
WHERE s.operation IN ('send', 'process') AND s."offset" IS NOT NULL AND s.origin_destination IS NULL
    AND l.log BETWEEN $1 AND $2
