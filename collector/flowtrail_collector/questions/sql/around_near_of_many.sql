-- around_near_of_many: as around_near, for many ranges: a record is found by the sixty-fourth of its partition that a range
-- reaches into, instead of being compared with every range.
WITH ranges AS (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
),
bucketed AS (
    SELECT destination, "partition", low, high, unnest(generate_series(low // 64, high // 64)) AS bucket FROM ranges
)
SELECT e.rowid
FROM span_rows AS e
JOIN bucketed AS r ON r.destination = e.destination AND r."partition" = e."partition" AND r.bucket = e."offset" // 64
WHERE e.operation IN ('send', 'create', 'process') AND e."offset" BETWEEN r.low AND r.high
UNION ALL
SELECT e.rowid
FROM span_rows AS e
JOIN ranges AS r ON r.destination = e.destination AND r."partition" = e."partition"
WHERE e.operation = 'receive' AND e."offset" <= r.high AND coalesce(e.offset_last, e."offset") >= r.low
UNION ALL
SELECT e.rowid
FROM span_rows AS e
JOIN (SELECT DISTINCT destination, "partition" FROM ranges) AS r
    ON r.destination = e.destination AND r."partition" = e."partition"
WHERE e.operation = 'send' AND e."offset" = 0
UNION ALL
-- Java's poll: the offsets stand on its links.
SELECT e.rowid
FROM link_rows AS l
JOIN ranges AS r ON r.destination = l.destination AND r."partition" = l."partition"
JOIN span_rows AS e ON e.trace_id = l.trace_id AND e.span_id = l.span_id
WHERE l."offset" BETWEEN r.low AND r.high
