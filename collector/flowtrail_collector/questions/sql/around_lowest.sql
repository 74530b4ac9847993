-- around_lowest: the lowest send to each partition of the ranges: below it nothing is known of the log.
SELECT arg_min(e.rowid, e."offset")
FROM span_rows AS e
JOIN (SELECT DISTINCT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition") AS r
    ON r.destination = e.destination AND r."partition" = e."partition"
WHERE e.operation = 'send'
GROUP BY e.destination, e."partition"
