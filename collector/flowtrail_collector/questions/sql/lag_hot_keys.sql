-- lag_hot_keys: the key that came most often into each wanted partition within the window, how often, and how many records
-- came in all, with a key or without.
SELECT number, max(records) FILTER (WHERE message_key IS NOT NULL) AS most,
    arg_max(message_key, ROW(records, message_key)) FILTER (WHERE message_key IS NOT NULL) AS message_key,
    sum(records)::BIGINT AS records
FROM (
    SELECT w.number, s.message_key, count(*) AS records
    FROM lag_wanted AS w
    JOIN span_rows AS s ON s.destination = w.destination AND s."partition" = w."partition"
        AND (s.cluster_id IS NULL OR w.cluster_id IS NULL OR s.cluster_id = w.cluster_id)
    WHERE s.operation = 'send' AND s."offset" >= 0 AND s.end_ns BETWEEN $from_ns AND $until_ns
    GROUP BY w.number, s.message_key
) AS counted
GROUP BY number
