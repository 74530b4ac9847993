-- around_named_of_many: as around_named, for many ranges: by the sixty-fourths that they reach into.
WITH bucketed AS (
    SELECT destination, "partition", low, high, unnest(generate_series(low // 64, high // 64)) AS bucket
    FROM (
        SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
            unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
    ) AS r
)
SELECT e.rowid
FROM span_rows AS e
JOIN bucketed AS r ON r.destination = e.destination AND r."partition" = e."partition" AND r.bucket = e."offset" // 64
WHERE e."offset" BETWEEN r.low AND r.high AND e.operation <> 'receive'
UNION ALL
SELECT e.rowid
FROM span_rows AS e
JOIN bucketed AS r ON r.destination = e.origin_destination AND r."partition" = e.origin_partition
    AND r.bucket = e.origin_offset // 64
WHERE e.origin_offset BETWEEN r.low AND r.high
