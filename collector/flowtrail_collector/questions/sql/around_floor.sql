-- around_floor: the highest offset below an overtaker ($7) that the same producer had acked before it began the send that
-- was overtaken ($6, its number): an earlier copy of that send can only stand above it. Looked for no further down than $8.
WITH limits AS (
    SELECT *, unnest(generate_series(least(lowest, first) // 1024, first // 1024)) AS bucket
    FROM (
        SELECT unnest($1::INTEGER[]) AS n, unnest($2::VARCHAR[]) AS destination, unnest($3::INTEGER[]) AS "partition",
            unnest($4::VARCHAR[]) AS instance, unnest($5::VARCHAR[]) AS producer_epoch, unnest($6::BIGINT[]) AS seq,
            unnest($7::BIGINT[]) AS first, unnest($8::BIGINT[]) AS lowest
    ) AS l
)
SELECT l.n, l.producer_epoch, max(e."offset") AS floor
FROM limits AS l
JOIN span_rows AS s ON s.operation = 'send' AND s.destination = l.destination AND s.producer_epoch = l.producer_epoch
    AND s.producer_seq = l.seq AND s.instance IS NOT DISTINCT FROM l.instance
JOIN span_rows AS e ON e.operation = 'send' AND e.destination = l.destination AND e."partition" = l."partition"
    AND e."offset" // 1024 = l.bucket AND e.producer_epoch = l.producer_epoch AND e.instance IS NOT DISTINCT FROM l.instance
    AND e."offset" < l.first AND e.end_ns < s.start_ns
GROUP BY l.n, l.producer_epoch
