-- around_near: what was told of the records in the ranges; and the sends to offset 0, by which a log that was created
-- again is known.
SELECT e.rowid
FROM span_rows AS e
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
) AS r ON r.destination = e.destination AND r."partition" = e."partition"
WHERE (e.operation IN ('send', 'create', 'process') AND e."offset" BETWEEN r.low AND r.high)
    OR (e.operation = 'receive' AND e."offset" <= r.high AND coalesce(e.offset_last, e."offset") >= r.low)
    OR (e.operation = 'send' AND e."offset" = 0)
UNION ALL
-- Java's poll: the offsets stand on its links.
SELECT e.rowid
FROM link_rows AS l
JOIN (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
) AS r ON r.destination = l.destination AND r."partition" = l."partition"
JOIN span_rows AS e ON e.trace_id = l.trace_id AND e.span_id = l.span_id
WHERE l."offset" BETWEEN r.low AND r.high
