-- lag_sends: acked records that can be read: outside of transactions or in committed ones, and before the first record of
-- a transaction that is still open (the last stable offset). One that began longer ago than Kafka's default
-- `transaction.timeout.ms` holds nothing back: of a producer that crashed nobody tells the end, and the broker has aborted it.
SELECT s.*
FROM (
    SELECT system, cluster_id, destination, "partition", "offset", message_key, tombstone, start_ns, end_ns
    FROM span_rows
    WHERE operation = 'send' AND transaction_id IS NULL AND destination IS NOT NULL AND "partition" IS NOT NULL
        AND "offset" >= 0 AND coalesce(publish_outcome, 'acked') = 'acked' AND coalesce(status, 0) <> 2
        AND end_ns <= $until_ns
    UNION ALL
    SELECT system, cluster_id, destination, "partition", "offset", message_key, tombstone, start_ns, end_ns
    FROM lag_transactional
    WHERE ending = 'committed' AND "partition" IS NOT NULL
) AS s
LEFT JOIN lag_eras AS e
    ON e.system IS NOT DISTINCT FROM s.system AND e.destination = s.destination AND e."partition" = s."partition"
LEFT JOIN (
    SELECT system, cluster_id, destination, "partition", min("offset") AS stable_end
    FROM lag_transactional
    WHERE ending IS NULL AND start_ns > $as_of_ns - 60000000000
    GROUP BY system, cluster_id, destination, "partition"
) AS o
    ON o.system IS NOT DISTINCT FROM s.system AND o.cluster_id IS NOT DISTINCT FROM s.cluster_id
    AND o.destination = s.destination AND o."partition" = s."partition"
WHERE (e.from_ns IS NULL OR s.start_ns >= e.from_ns) AND coalesce(s."offset" < o.stable_end, TRUE)
