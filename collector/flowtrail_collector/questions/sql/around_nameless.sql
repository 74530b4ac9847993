-- around_nameless: records that may be those of sends that failed: they were handed out, and nobody has named them; with the
-- acks of the producer nearest to them, before and behind. See nameless. Each is a span, and of a receive the record.
WITH failed AS (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition", unnest($3::VARCHAR[]) AS service,
        unnest($4::VARCHAR[]) AS instance, unnest($5::VARCHAR[]) AS message_id, unnest($6::BIGINT[]) AS start_ns,
        unnest($7::BIGINT[]) AS end_ns, unnest($8::BOOLEAN[]) AS stepped
),
acks AS (
    SELECT f.destination, e."partition", f.instance, f.start_ns,
        max(e."offset") FILTER (WHERE e.end_ns <= f.start_ns)              AS low,
        min(e."offset") FILTER (WHERE e.start_ns >= f.end_ns)              AS high,
        arg_max(e.rowid, e."offset") FILTER (WHERE e.end_ns <= f.start_ns) AS low_span,
        arg_min(e.rowid, e."offset") FILTER (WHERE e.start_ns >= f.end_ns) AS high_span
    FROM failed AS f
    JOIN span_rows AS e ON e.operation = 'send' AND e.destination = f.destination AND e.service = f.service
        AND e.instance IS NOT DISTINCT FROM f.instance AND e."offset" IS NOT NULL AND e.publish_outcome = 'acked'
        -- Where its clock was set back, its times tell nothing.
        AND NOT f.stepped
    GROUP BY f.destination, e."partition", f.instance, f.start_ns
),
ranges AS (
    SELECT r.rowid AS span, r.destination, r."partition", f.message_id, a.low, a.high,
        unnest(string_split(
            coalesce(r.offset_runs, r."offset"::VARCHAR || '-' || coalesce(r.offset_last, r."offset")::VARCHAR), ','
        )) AS run
    FROM failed AS f
    JOIN span_rows AS r ON r.operation = 'receive' AND r.number IS NOT NULL AND r.destination = f.destination
        AND coalesce(f."partition", r."partition") = r."partition" AND r."offset" IS NOT NULL
    LEFT JOIN acks AS a ON a.destination = f.destination AND a."partition" = r."partition"
        AND a.instance IS NOT DISTINCT FROM f.instance AND a.start_ns = f.start_ns
    WHERE coalesce(r.offset_last, r."offset") > coalesce(a.low, -1) AND coalesce(r."offset" < a.high, TRUE)
        AND coalesce(r.offset_last, r."offset") - r."offset" < 100000
),
handed AS (
    SELECT span, destination, "partition", message_id, low, high,
        unnest(generate_series(TRY_CAST(split_part(run, '-', 1) AS BIGINT),
            coalesce(TRY_CAST(nullif(split_part(run, '-', 2), '') AS BIGINT), TRY_CAST(split_part(run, '-', 1) AS BIGINT))
        )) AS "offset"
    FROM ranges
),
unnamed AS (
    SELECT span, "partition", "offset", row_number() OVER (PARTITION BY destination, message_id ORDER BY "offset" DESC, span) AS place
    FROM handed AS h
    WHERE "offset" > coalesce(low, -1) AND coalesce("offset" < high, TRUE) AND NOT EXISTS (
        SELECT 1 FROM span_rows AS e
        WHERE e.destination = h.destination AND e."partition" = h."partition" AND e."offset" = h."offset"
            AND (e.operation = 'send' OR (e.operation = 'process' AND coalesce(e.message_id, h.message_id) IS NOT NULL)))
)
SELECT u.span, r.destination, u."partition", u."offset"
FROM unnamed AS u
JOIN span_rows AS r ON r.rowid = u.span
WHERE u.place <= 8
UNION ALL
SELECT low_span, NULL, NULL, NULL FROM acks WHERE low_span IS NOT NULL
UNION ALL
SELECT high_span, NULL, NULL, NULL FROM acks WHERE high_span IS NOT NULL
