-- around_passed: what shows that a member came past the ranges while it read straight on. Of each stretch of its spans
-- between two moves (by their numbers): the first and the furthest, and those next to the range below and above.
SELECT unnest([
    arg_min(e.rowid, e.number),
    arg_max(e.rowid, coalesce(e.offset_last, e."offset")),
    arg_max(e.rowid, coalesce(e.offset_last, e."offset")) FILTER (WHERE coalesce(e.offset_last, e."offset") < s.low),
    arg_min(e.rowid, e."offset") FILTER (WHERE e."offset" > s.high)
]) AS span
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high,
        unnest($5::VARCHAR[]) AS grp, unnest($6::VARCHAR[]) AS instance,
        unnest($7::BIGINT[]) AS from_number, unnest($8::BIGINT[]) AS until_number
) AS s ON s.destination = e.destination AND s."partition" = e."partition" AND s.instance = e.instance
    AND s.grp IS NOT DISTINCT FROM e.consumer_group AND e.number >= s.from_number AND e.number < s.until_number
WHERE e.operation IN ('receive', 'process') AND e."offset" IS NOT NULL
GROUP BY s.destination, s."partition", s.low, s.grp, s.instance, s.from_number, e.operation
