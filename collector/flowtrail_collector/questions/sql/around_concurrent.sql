-- around_concurrent: of each of these members ($1 group, $2 service, $3 instance) some processings that overlap, wherever
-- they are: they tell that it handles records concurrently, so that having begun a later one says nothing about others.
WITH asked AS (
    SELECT unnest($1::VARCHAR[]) AS consumer_group, unnest($2::VARCHAR[]) AS service, unnest($3::VARCHAR[]) AS instance
),
overlapping AS (
    SELECT
        e.rowid AS span, arg_max(e.rowid, e.end_ns) OVER w AS other, e.consumer_group, e.service, e.instance, e.start_ns,
        max(e.end_ns) OVER w AS reaches
    FROM span_rows AS e
    JOIN asked AS s ON s.service IS NOT DISTINCT FROM e.service AND s.instance IS NOT DISTINCT FROM e.instance
        AND s.consumer_group IS NOT DISTINCT FROM e.consumer_group
    WHERE e.operation = 'process'
    WINDOW w AS (
        PARTITION BY e.consumer_group, e.service, e.instance, e.member ORDER BY e.start_ns, e.end_ns
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
pairs AS (
    SELECT
        span, other,
        row_number() OVER (PARTITION BY consumer_group, service, instance ORDER BY start_ns) AS place
    FROM overlapping
    WHERE reaches > start_ns
)
SELECT unnest([span, other]) AS span FROM pairs WHERE place <= 5
