-- around_extremes: a few spans that tell of a partition's history beyond the ranges. Of every member that was handed
-- records: the first and the last, the lowest and the furthest, and the last that was begun beyond the range: where its
-- group began, how far it came, and that it went on.
SELECT unnest([
    arg_min(e.rowid, e."offset"),
    arg_max(e.rowid, coalesce(e.offset_last, e."offset")),
    arg_min(e.rowid, e.start_ns),
    arg_max(e.rowid, e.start_ns),
    arg_max(e.rowid, e.start_ns) FILTER (WHERE e."offset" > r.high)
]) AS span
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
) AS r ON r.destination = e.destination AND r."partition" = e."partition"
WHERE e.operation IN ('receive', 'process') AND e."offset" IS NOT NULL
GROUP BY r.destination, r."partition", r.low, e.operation, e.consumer_group, e.service, e.instance, e.member
