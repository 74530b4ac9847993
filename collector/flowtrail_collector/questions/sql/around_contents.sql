-- around_contents: sends and processings of the same content ($1 destination, $2 key, $3 payload digest), of each the
-- $5 that are nearest in time to when it was asked about ($4).
WITH asked AS (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::VARCHAR[]) AS message_key,
        unnest($3::VARCHAR[]) AS payload_digest, unnest($4::BIGINT[]) AS at_ns
),
same AS (
    SELECT e.rowid AS span, e.message_id, row_number() OVER (
        PARTITION BY a.destination, a.message_key, a.payload_digest ORDER BY abs(e.start_ns - a.at_ns), e.rowid) AS place
    FROM span_rows AS e
    JOIN asked AS a ON a.payload_digest = e.payload_digest AND a.destination = e.destination
        AND a.message_key IS NOT DISTINCT FROM e.message_key
    WHERE e.operation IN ('send', 'process')
)
SELECT span, message_id, place FROM same WHERE place <= $5
