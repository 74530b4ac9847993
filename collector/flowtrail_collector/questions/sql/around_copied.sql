-- around_copied: sends and processings of copies of these records ($1 destination, $2 partition, $3 offset), as they name their
-- origin: a copy that names no cause was caused by what it copies.
SELECT e.rowid
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition", unnest($3::BIGINT[]) AS "offset"
) AS r ON r.destination = e.origin_destination AND r."partition" = e.origin_partition AND r."offset" = e.origin_offset
WHERE e.operation IN ('send', 'create', 'process')
