-- around_exactly: sends and processings of these records ($1 destination, $2 partition, $3 offset), as many as there are.
SELECT e.rowid
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition", unnest($3::BIGINT[]) AS "offset"
) AS r ON r.destination = e.destination AND r."partition" = e."partition" AND r."offset" = e."offset"
WHERE e.operation IN ('send', 'create', 'process')
