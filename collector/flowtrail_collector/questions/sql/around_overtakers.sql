-- around_overtakers: how far what overtook the records of each range reaches.
--
-- first   the lowest offset before the range that was sent after a record of it (`bound`: its send number)
-- last    the highest offset behind the range that was handed out, or done with, before a record of it (`bound`: when it
--         was first handed out, or done with, by the same member)
--
-- $13, the latest of the times among the bounds, says the same once more to the zone maps: nearly all rows are later.
SELECT
    r.n,
    min(e."offset") FILTER (WHERE e.operation = 'send')                             AS first,
    max(coalesce(e.offset_last, e."offset")) FILTER (WHERE e.operation <> 'send')   AS last
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high, unnest($5::INTEGER[]) AS n
) AS r ON r.destination = e.destination AND r."partition" = e."partition"
JOIN (
    SELECT unnest($6::INTEGER[]) AS n, unnest($7::VARCHAR[]) AS operation, unnest($8::VARCHAR[]) AS consumer_group,
        unnest($9::VARCHAR[]) AS service, unnest($10::VARCHAR[]) AS instance, unnest($11::VARCHAR[]) AS producer_epoch,
        unnest($12::BIGINT[]) AS bound
) AS l ON l.n = r.n AND l.operation = e.operation
WHERE l.service IS NOT DISTINCT FROM e.service AND l.instance IS NOT DISTINCT FROM e.instance
    AND ((e.operation = 'send' AND e."offset" < r.low AND e.producer_epoch = l.producer_epoch
            AND e.producer_seq > l.bound)
        OR (e.operation <> 'send' AND e."offset" > r.high AND l.consumer_group IS NOT DISTINCT FROM e.consumer_group
            AND CASE e.operation WHEN 'receive' THEN e.start_ns ELSE e.end_ns END < l.bound))
    AND (e.operation = 'send' OR e.start_ns < $13)
GROUP BY r.n
