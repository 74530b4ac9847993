-- around_extremes_of_many: as around_extremes, for many ranges: what each member did is summed up by thousands of offsets
-- first, and only the thousand in which a range ends is looked through for what was begun beyond it.
WITH ranges AS (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
),
partitions AS (
    SELECT DISTINCT destination, "partition" FROM ranges
),
told AS (
    SELECT e.rowid AS span, e.destination, e."partition", e.operation, e.consumer_group, e.service, e.instance, e.member,
        e."offset", coalesce(e.offset_last, e."offset") AS last_offset, e.start_ns, e."offset" // 1024 AS bucket
    FROM span_rows AS e
    JOIN partitions AS p ON p.destination = e.destination AND p."partition" = e."partition"
    WHERE e.operation IN ('receive', 'process') AND e."offset" IS NOT NULL
),
summed AS MATERIALIZED (
    SELECT
        destination, "partition", operation, consumer_group, service, instance, member, bucket,
        min("offset") AS lowest, arg_min(span, "offset") AS lowest_span,
        max(last_offset) AS furthest, arg_max(span, last_offset) AS furthest_span,
        min(start_ns) AS first_ns, arg_min(span, start_ns) AS first_span,
        max(start_ns) AS last_ns, arg_max(span, start_ns) AS last_span
    FROM told
    GROUP BY destination, "partition", operation, consumer_group, service, instance, member, bucket
)
SELECT unnest([
    arg_min(lowest_span, lowest), arg_max(furthest_span, furthest), arg_min(first_span, first_ns), arg_max(last_span, last_ns)
]) AS span
FROM summed
GROUP BY destination, "partition", operation, consumer_group, service, instance, member
UNION
SELECT arg_max(s.last_span, s.last_ns)
FROM summed AS s
JOIN ranges AS r ON r.destination = s.destination AND r."partition" = s."partition" AND s.bucket > r.high // 1024
GROUP BY r.destination, r."partition", r.low, s.operation, s.consumer_group, s.service, s.instance, s.member
UNION
SELECT arg_max(t.span, t.start_ns)
FROM told AS t
JOIN ranges AS r ON r.destination = t.destination AND r."partition" = t."partition" AND t.bucket = r.high // 1024
    AND t."offset" > r.high
GROUP BY r.destination, r."partition", r.low, t.operation, t.consumer_group, t.service, t.instance, t.member
