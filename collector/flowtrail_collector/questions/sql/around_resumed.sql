-- around_resumed: of each partition and producer a send that was acked at a later offset before the first one to offset 0
-- began, by one clock ($1 to $5: destination, partition, instance, host and beginning of that first one; $6 the last
-- beginning): by it a log that was created again is known (see placed).
SELECT arg_min(e.rowid, e.end_ns)
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition", unnest($3::VARCHAR[]) AS instance,
        unnest($4::VARCHAR[]) AS host, unnest($5::BIGINT[]) AS from_ns
) AS f ON f.destination = e.destination AND f."partition" = e."partition" AND e.end_ns < f.from_ns
    AND (e.instance = f.instance OR e.host = f.host)
WHERE e.end_ns < $6 AND e.operation = 'send' AND e."offset" > 0 AND e.publish_outcome = 'acked'
GROUP BY e.destination, e."partition", e.instance
