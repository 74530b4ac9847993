-- around_overtakers_of_many: as around_overtakers, for many ranges: a span is compared with the ranges that are no further
-- from it than overtaking is followed ($14 offsets).
WITH ranges AS (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high, unnest($5::INTEGER[]) AS n
),
bucketed AS (
    SELECT destination, "partition", low, high, n,
        unnest(generate_series(greatest(low - $14, 0) // 1024, (high + $14) // 1024)) AS bucket
    FROM ranges
),
limits AS (
    SELECT unnest($6::INTEGER[]) AS n, unnest($7::VARCHAR[]) AS operation, unnest($8::VARCHAR[]) AS consumer_group,
        unnest($9::VARCHAR[]) AS service, unnest($10::VARCHAR[]) AS instance, unnest($11::VARCHAR[]) AS producer_epoch,
        unnest($12::BIGINT[]) AS bound
)
SELECT
    r.n,
    min(e."offset") FILTER (WHERE e.operation = 'send')                             AS first,
    max(coalesce(e.offset_last, e."offset")) FILTER (WHERE e.operation <> 'send')   AS last
FROM span_rows AS e
JOIN bucketed AS r ON r.destination = e.destination AND r."partition" = e."partition" AND r.bucket = e."offset" // 1024
JOIN limits AS l ON l.n = r.n AND l.operation = e.operation
WHERE l.service IS NOT DISTINCT FROM e.service AND l.instance IS NOT DISTINCT FROM e.instance
    AND ((e.operation = 'send' AND e."offset" < r.low AND e.producer_epoch = l.producer_epoch
            AND e.producer_seq > l.bound)
        OR (e.operation <> 'send' AND e."offset" > r.high AND l.consumer_group IS NOT DISTINCT FROM e.consumer_group
            AND CASE e.operation WHEN 'receive' THEN e.start_ns ELSE e.end_ns END < l.bound))
    AND (e.operation = 'send' OR e.start_ns < $13)
GROUP BY r.n
