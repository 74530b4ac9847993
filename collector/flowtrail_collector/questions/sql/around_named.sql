-- around_named: spans that name a record in the ranges as their own or as the origin of a copy.
SELECT e.rowid
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
) AS r ON r.destination = e.destination AND r."partition" = e."partition"
WHERE e."offset" BETWEEN r.low AND r.high AND e.operation <> 'receive'
UNION ALL
SELECT e.rowid
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
) AS r ON r.destination = e.origin_destination AND r."partition" = e.origin_partition
WHERE e.origin_offset BETWEEN r.low AND r.high
