-- republish: the application sent the same message id again to the same destination, in different send operations.
--
-- Not counted: a copy that carries an origin, a send that failed definitively or was aborted (the send after it is the
-- first), a send in a transaction whose end is not known (it may have been aborted), a copy on another destination, and two spans that name the same record (one publication told twice). Celery
-- publishes a retry under the same task id: an attempt. Offsets are named where all stand in one partition. Where several services published it, `producer` is the first.
-- empty unless: EXISTS (SELECT 1 FROM sent WHERE event_id IS NOT NULL GROUP BY event_id, destination HAVING count(*) > 1)
WITH counted AS (
    SELECT s.*, coalesce(s."offset", o."offset") AS stands_at,
        CASE WHEN coalesce(s."offset", o."offset") IS NULL THEN s.operation_id
             ELSE coalesce(o.log, s.acked_log) || ':' || coalesce(s."offset", o."offset") END AS place
    FROM sent AS s
    LEFT JOIN operations AS o ON o.operation_id = s.operation_id AND s."offset" IS NULL
    WHERE s.event_id IS NOT NULL AND s.origin_destination IS NULL
        AND coalesce(s.outcome, 'acked') <> 'failed' AND (s.transaction_id IS NULL OR s.transaction_end = 'committed')
        AND coalesce(s.system, '') <> 'celery' AND s.system IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM copies AS c WHERE c.log = coalesce(o.log, s.acked_log) AND c."offset" = coalesce(s."offset", o."offset"))
),
operations_once AS (
    SELECT event_id, system, cluster, destination, operation_id,
        min(place) AS place, min(ref) AS ref, min(start_ns) AS start_ns, min(message_id) AS message_id,
        min(producer) AS producer, min("partition") AS "partition", max(stands_at) AS "offset", min(event) AS event,
        bool_and(number IS NOT NULL) AS ours
    FROM counted
    GROUP BY event_id, system, cluster, destination, operation_id
),
places_once AS (
    SELECT event_id, system, cluster, destination, place, min(ref) AS ref, min(start_ns) AS start_ns,
        min(message_id) AS message_id, min(producer) AS producer, min("partition") AS "partition",
        max("offset") AS "offset", min(event) AS event, bool_and(ours) AS ours
    FROM operations_once
    GROUP BY event_id, system, cluster, destination, place
)
SELECT
    'republish' AS kind,
    'warning'   AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    system, destination, CASE WHEN min("partition") = max("partition") THEN min("partition") END AS "partition",
    CASE WHEN min("partition") = max("partition")
         THEN coalesce(list_sort(list("offset") FILTER (WHERE "offset" IS NOT NULL)), []) ELSE [] END AS offsets,
    CAST(NULL AS VARCHAR) AS "group", arg_min(producer, start_ns) AS producer, CAST(NULL AS VARCHAR) AS instance,
    list_sort(list_distinct(list(message_id) FILTER (WHERE message_id IS NOT NULL))) AS message_ids,
    count(*) AS count, min(start_ns) AS first_ns, max(start_ns) AS last_ns,
    CASE WHEN bool_and(ours) THEN 'A' ELSE 'B' END AS grade,
    list_sort(list(ref)) AS evidence,
    array_to_string(list_sort(list_distinct(list(producer))), ' and ') || ' published this event ' || CASE count(*) WHEN 2 THEN 'twice' ELSE count(*) || ' times' END || ' to '
        || destination || ', ' || CASE
            WHEN max(start_ns) - min(start_ns) < 1000000000 THEN (max(start_ns) - min(start_ns)) // 1000000 || ' ms'
            ELSE ((max(start_ns) - min(start_ns)) // 10000000 / 100.0) || ' s' END
        || ' apart: different sends with one message id' AS summary,
    min(event) AS event
FROM places_once
GROUP BY event_id, system, cluster, destination
HAVING count(*) > 1
