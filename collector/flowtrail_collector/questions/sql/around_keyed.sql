-- around_keyed: the last record of each of these keys in each partition, and a send of it that is in doubt: they may
-- have made a record with that key disappear, if the topic is compacted.
SELECT unnest([
    arg_max(e.rowid, e."offset"),
    arg_min(e.rowid, e.start_ns) FILTER (
        WHERE e.operation IN ('send', 'create') AND e."offset" IS NULL AND coalesce(e.publish_outcome, 'in-doubt') = 'in-doubt'
            AND (e.publish_outcome IS NOT NULL OR coalesce(e.status, 0) <> 2 OR e.error_type ILIKE '%timeout%'
                OR e.error_type ILIKE '%timedout%'))
]) AS span
FROM span_rows AS e
JOIN (SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::VARCHAR[]) AS message_key) AS k
    ON k.destination = e.destination AND k.message_key = e.message_key
WHERE e.operation IN ('send', 'create', 'process')
GROUP BY e.destination, e."partition", e.message_key
