-- copies: records that are copies of another record: they carry its origin, or bear the same message id on a retry or
-- dead-letter destination (see roles). `kind`: retry or dead-letter. A copy that does not say for which group it was made was
-- made for the one that its sender reads the origin as.
-- empty unless: EXISTS (SELECT 1 FROM placed WHERE origin_destination IS NOT NULL) OR EXISTS (SELECT 1 FROM roles WHERE is_retry OR is_dead_letter)
WITH carried AS (
    SELECT ref, system, cluster, destination, acked_log AS log, "partition", "offset", event_id, origin_destination,
        origin_partition, origin_offset, origin_group, start_ns
    FROM publications
    WHERE origin_destination IS NOT NULL AND coalesce(outcome, 'acked') = 'acked'
        AND coalesce(transaction_end, 'committed') = 'committed'
    UNION ALL
    SELECT ref, system, cluster, destination, log, "partition", "offset", event_id, origin_destination,
        origin_partition, origin_offset, origin_group, start_ns
    FROM placed
    WHERE operation = 'process' AND origin_destination IS NOT NULL AND log IS NOT NULL
),
reading AS (
    SELECT service, system, destination, min(grp) AS grp
    FROM group_members
    GROUP BY service, system, destination
    HAVING count(DISTINCT grp) = 1
),
same_id AS (
    SELECT c.ref, c.system, c.cluster, c.destination, c.acked_log AS log, c."partition", c."offset", c.event_id,
        o.destination AS origin_destination, CAST(NULL AS INTEGER) AS origin_partition,
        CAST(NULL AS BIGINT) AS origin_offset, g.grp AS origin_group, c.start_ns
    FROM publications AS c
    JOIN roles AS n ON n.destination = c.destination AND (n.is_retry OR n.is_dead_letter)
    JOIN (
        SELECT DISTINCT p.event_id, p.destination
        FROM publications AS p
        JOIN roles AS m ON m.destination = p.destination AND NOT m.is_retry AND NOT m.is_dead_letter
        WHERE p.event_id IS NOT NULL
    ) AS o ON o.event_id = c.event_id
    LEFT JOIN reading AS g ON g.service = c.producer AND g.system IS NOT DISTINCT FROM c.system
        AND g.destination = o.destination
    WHERE c.origin_destination IS NULL AND coalesce(c.outcome, 'acked') = 'acked'
        AND coalesce(c.transaction_end, 'committed') = 'committed'
)
SELECT c.*, CASE WHEN n.is_retry THEN 'retry' ELSE 'dead-letter' END AS kind
FROM (SELECT * FROM carried UNION ALL SELECT * FROM same_id) AS c
JOIN roles AS n ON n.destination = c.destination
