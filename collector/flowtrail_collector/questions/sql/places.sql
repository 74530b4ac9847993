-- places: the records of each event, per destination. `copied` marks those that are copies of another record: they
-- belong to that record's chain of attempts and are not publications of their own.
WITH at_records AS (
    SELECT event, event_id, system, cluster, destination, log, "partition", "offset", message_id, correlation_id,
        message_key, event_type, send_ref, conflict, survived, first_ns, acked_ns
    FROM records
)
SELECT
    a.*,
    EXISTS (
        SELECT 1 FROM copies AS c
        WHERE c.log = a.log AND c."offset" = a."offset"
    ) AS copied
FROM at_records AS a
