-- around_bare: sends of these services to these destinations that name neither record nor id, and all of their traces. A
-- record that two consumers tie to one of them is a resend only if none of them is unaccounted for.
WITH bare AS (
    SELECT e.rowid AS span, e.trace_id
    FROM span_rows AS e
    JOIN (SELECT unnest($1::VARCHAR[]) AS service, unnest($2::VARCHAR[]) AS destination) AS s
        ON s.service = e.service AND s.destination = e.destination
    WHERE e.operation IN ('send', 'create') AND e."offset" IS NULL AND e.message_id IS NULL AND e.number IS NULL
    ORDER BY e.start_ns DESC
    LIMIT 200
)
SELECT span FROM bare
UNION
SELECT e.rowid FROM span_rows AS e WHERE e.trace_id IN (SELECT trace_id FROM bare) AND e.operation IS NOT NULL
