-- content-duplicate: events of one destination, key and payload digest with different message ids, each sent within the
-- window after the one before: perhaps one message that was published again under a new id. Suspected only.
--
-- A copy with an origin is none; what failed definitively or was aborted was not published. Of an event whose sends
-- carry no digest, the consumers' digest counts.
-- empty unless: EXISTS (SELECT 1 FROM placed WHERE payload_digest IS NOT NULL)
WITH told AS (
    SELECT s.event, s.event_id, s.system, s.cluster, s.destination, s."partition", s."offset", s.message_id,
        s.message_key, s.payload_digest, s.producer, s.ref, s.start_ns, 0 AS rank
    FROM sent AS s
    LEFT JOIN (SELECT DISTINCT ref FROM copies) AS c ON c.ref = s.ref
    WHERE s.payload_digest IS NOT NULL AND s.event_id IS NOT NULL AND s.origin_destination IS NULL AND c.ref IS NULL
        AND coalesce(s.outcome, 'acked') <> 'failed' AND coalesce(s.transaction_end, 'committed') <> 'aborted'
    UNION ALL
    SELECT r.event, r.event_id, r.system, r.cluster, r.destination, r."partition", r."offset", r.message_id,
        coalesce(p.message_key, r.message_key), p.payload_digest, NULL, p.ref, r.first_ns, 1
    FROM placed AS p
    JOIN records AS r ON r.log = p.log AND r."offset" = p."offset"
    LEFT JOIN (SELECT DISTINCT log, "offset" FROM copies WHERE "offset" IS NOT NULL) AS c
        ON c.log = p.log AND c."offset" = p."offset"
    WHERE p.operation = 'process' AND p.payload_digest IS NOT NULL AND r.event_id IS NOT NULL
        AND p.origin_destination IS NULL AND c.log IS NULL AND NOT r.conflict
),
once AS (
    SELECT event, system, cluster, destination, "partition", "offset", message_id, message_key, payload_digest, producer,
        ref, start_ns
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY event, system, cluster, destination ORDER BY rank, start_ns, ref) AS nth
        FROM told
    ) AS t
    WHERE nth = 1
),
spaced AS (
    SELECT *, start_ns - lag(start_ns) OVER (
        PARTITION BY system, cluster, destination, message_key, payload_digest ORDER BY start_ns, event) AS gap_ns
    FROM once
),
runs AS (
    SELECT *, sum(CASE WHEN gap_ns <= (SELECT content_window_ms FROM limits) * 1000000 THEN 0 ELSE 1 END) OVER (
        PARTITION BY system, cluster, destination, message_key, payload_digest ORDER BY start_ns, event
        ROWS UNBOUNDED PRECEDING) AS run
    FROM spaced
)
SELECT
    'content-duplicate' AS kind,
    'info'              AS severity,
    'suspected'         AS reason,
    system, destination,
    CASE WHEN min("partition") = max("partition") THEN min("partition") END AS "partition",
    list_sort(list("offset") FILTER (WHERE "offset" IS NOT NULL)) AS offsets,
    CAST(NULL AS VARCHAR) AS "group",
    CASE WHEN min(producer) = max(producer) THEN min(producer) END AS producer, CAST(NULL AS VARCHAR) AS instance,
    list_sort(list(message_id)) AS message_ids,
    count(*) AS count, min(start_ns) AS first_ns, max(start_ns) AS last_ns, 'C' AS grade,
    list_sort(list(ref)) AS evidence,
    count(*) || ' events on ' || destination || ' have one key and one payload, and different message ids: '
        || CASE WHEN max(start_ns) - min(start_ns) < 1000000000 THEN (max(start_ns) - min(start_ns)) // 1000000 || ' ms'
            ELSE ((max(start_ns) - min(start_ns)) // 10000000 / 100.0) || ' s' END
        || ' apart, perhaps one message published again' AS summary,
    arg_min(event, start_ns) AS event
FROM runs
GROUP BY system, cluster, destination, message_key, payload_digest, run
HAVING count(*) > 1
