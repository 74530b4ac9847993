-- around_extremes_of_many: as around_extremes, for many ranges: what each member did is summed up by some hundred offsets
-- first, and only the hundreds in which a range ends are looked through for what was begun beyond it. Members are told
-- apart by a digest: to group by the names themselves takes four times as long.
WITH ranges AS (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
),
partitions AS (
    SELECT *, row_number() OVER () AS part FROM (SELECT DISTINCT destination, "partition" FROM ranges) AS p
),
placed AS (
    SELECT p.part, r.high, r.high // 256 AS bucket
    FROM ranges AS r
    JOIN partitions AS p ON p.destination = r.destination AND p."partition" = r."partition"
),
told AS (
    SELECT e.rowid AS span, p.part, hash(e.operation, e.consumer_group, e.service, e.instance, e.member) AS who,
        e."offset", coalesce(e.offset_last, e."offset") AS last_offset, e.start_ns, e."offset" // 256 AS bucket
    FROM span_rows AS e
    JOIN partitions AS p ON p.destination = e.destination AND p."partition" = e."partition"
    WHERE e.operation IN ('receive', 'process') AND e."offset" IS NOT NULL
),
summed AS MATERIALIZED (
    SELECT
        part, who, bucket,
        min("offset") AS lowest, arg_min(span, "offset") AS lowest_span,
        max(last_offset) AS furthest, arg_max(span, last_offset) AS furthest_span,
        min(start_ns) AS first_ns, arg_min(span, start_ns) AS first_span,
        max(start_ns) AS last_ns, arg_max(span, start_ns) AS last_span
    FROM told
    GROUP BY part, who, bucket
),
onwards AS (
    -- Of each hundred and all behind it, what was begun last.
    SELECT part, who, bucket, last_ns, last_span, lead(bucket) OVER w AS bucket_below
    FROM (
        SELECT part, who, bucket, max(last_ns) OVER v AS last_ns, arg_max(last_span, last_ns) OVER v AS last_span
        FROM summed
        WINDOW v AS (PARTITION BY part, who ORDER BY bucket DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ) AS s
    WINDOW w AS (PARTITION BY part, who ORDER BY bucket DESC)
),
beyond AS (
    SELECT r.part, r.high, o.who, o.last_span AS span, o.last_ns AS start_ns
    FROM placed AS r
    JOIN onwards AS o ON o.part = r.part AND o.bucket > r.bucket AND coalesce(o.bucket_below <= r.bucket, TRUE)
    UNION ALL
    SELECT r.part, r.high, t.who, t.span, t.start_ns
    FROM told AS t
    JOIN placed AS r ON r.part = t.part AND t.bucket = r.bucket AND t."offset" > r.high
)
SELECT unnest([
    arg_min(lowest_span, lowest), arg_max(furthest_span, furthest), arg_min(first_span, first_ns), arg_max(last_span, last_ns)
]) AS span
FROM summed
GROUP BY part, who
UNION
SELECT arg_max(span, start_ns) FROM beyond GROUP BY part, high, who
