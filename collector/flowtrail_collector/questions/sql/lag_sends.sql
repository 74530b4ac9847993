-- lag_sends: acked records that can be read: outside of transactions, or in committed ones.
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
WHERE e.from_ns IS NULL OR s.start_ns >= e.from_ns
