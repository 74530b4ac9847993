-- clock_steps: instances whose clock was set back while they ran: a span that was recorded later ended before an earlier one
-- began. Then its numbers order its spans, not its clock. Ten milliseconds are granted to threads that race between reading
-- the clock and taking a number.
SELECT DISTINCT who
FROM (
    SELECT
        coalesce(instance, 'service ' || service) AS who, stepped, ended_ns,
        max(begun_ns) OVER (
            PARTITION BY coalesce(instance, 'service ' || service) ORDER BY first_number, last_number
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS begun_before
    FROM number_rows
) AS r
WHERE stepped OR ended_ns < begun_before - 10000000
