-- around_beyond: what a few spans tell of a partition's history beyond the ranges, by sender and by member.
--
-- spans   of those that were handed records: the first and the last, the lowest and the furthest, and the last that was
--         begun beyond the range. They tell where a group began, how far it came, and that it went on. Of a producer the
--         lowest: below it nothing is known
-- first   the lowest offset before the range that was sent after a record of it (`bound`: its send number)
-- last    the highest offset behind the range that was handed out, or done with, before a record of it (`bound`: when it
--         was first handed out, or done with, by the same member): what overtook it
WITH asked AS (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high, unnest($5::INTEGER[]) AS n
),
limits AS (
    SELECT unnest($6::INTEGER[]) AS n, unnest($7::VARCHAR[]) AS operation, unnest($8::VARCHAR[]) AS consumer_group,
        unnest($9::VARCHAR[]) AS service, unnest($10::VARCHAR[]) AS instance, unnest($11::VARCHAR[]) AS producer_epoch,
        unnest($12::BIGINT[]) AS bound
),
told AS (
    SELECT
        r.n, r.low, r.high, e.rowid AS span, e.operation, e.consumer_group, e.service, e.instance, e.member, e."offset",
        coalesce(e.offset_last, e."offset") AS last_offset, e.start_ns, e.end_ns, e.producer_seq,
        CASE e.operation WHEN 'send' THEN e.producer_epoch END AS producer_epoch
    FROM span_rows AS e
    JOIN asked AS r ON r.destination = e.destination AND r."partition" = e."partition"
    WHERE e.operation IN ('send', 'receive', 'process') AND e."offset" IS NOT NULL
)
SELECT
    t.n,
    CASE WHEN t.operation <> 'send' THEN [
        arg_min(t.span, t.start_ns),
        arg_max(t.span, t.start_ns),
        arg_min(t.span, t."offset"),
        arg_max(t.span, t.last_offset),
        arg_max(t.span, t.start_ns) FILTER (WHERE t."offset" > t.high)
    ] ELSE [arg_min(t.span, t."offset")] END AS spans,
    min(t."offset") FILTER (WHERE t.operation = 'send' AND t."offset" < t.low AND t.producer_seq > l.bound) AS first,
    max(t.last_offset) FILTER (
        WHERE t.operation <> 'send' AND t."offset" > t.high
            AND CASE t.operation WHEN 'receive' THEN t.start_ns ELSE t.end_ns END < l.bound) AS last
FROM told AS t
LEFT JOIN limits AS l ON l.n = t.n AND l.operation = t.operation AND l.service IS NOT DISTINCT FROM t.service
    AND l.consumer_group IS NOT DISTINCT FROM t.consumer_group AND l.instance IS NOT DISTINCT FROM t.instance
    AND l.producer_epoch IS NOT DISTINCT FROM t.producer_epoch
GROUP BY t.n, t.operation, t.consumer_group, t.service, t.instance, t.member, t.producer_epoch
