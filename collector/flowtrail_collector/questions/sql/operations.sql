-- operations: at which records each send operation stands, as producers and consumers tell it: by producer epoch and
-- send number. Copies that carry an origin are other operations with inherited headers.
SELECT
    operation_id, log, "offset",
    min(ref)                    AS ref,
    min(start_ns)               AS first_ns,
    bool_or(by_producer)        AS by_producer,
    min(message_key)            AS message_key
FROM (
    SELECT p.operation_id, p.acked_log AS log, p."offset", p.ref, p.start_ns, TRUE AS by_producer, p.message_key
    FROM publications AS p
    WHERE p.outcome = 'acked' AND p."offset" IS NOT NULL AND p.producer_seq IS NOT NULL
        -- Where two events were acked at one record, one of them is not there any more.
        AND NOT EXISTS (SELECT 1 FROM records AS r WHERE r.log = p.acked_log AND r."offset" = p."offset" AND r.conflict)
    UNION ALL
    SELECT a.producer_epoch || ':' || a.producer_seq || '@' || a.destination, a.log, a."offset", a.ref, a.start_ns, FALSE,
        a.message_key
    FROM attempts AS a
    WHERE a."offset" IS NOT NULL AND a.producer_epoch IS NOT NULL AND a.producer_seq IS NOT NULL
        AND a.origin_destination IS NULL
) AS told
GROUP BY operation_id, log, "offset"
