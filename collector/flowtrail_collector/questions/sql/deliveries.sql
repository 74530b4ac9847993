-- deliveries: one record handed once to one member of a group, with what became of it. Public.
--
-- `outcome`: ok if an attempt ended ok, failed if attempts ended and none was ok, null where no processing is known.
-- A record was handed out when its receive ended, or when its processing began if that was earlier.
-- A processing without a receive span is a delivery of its own. Not `certain` deliveries are left out unless a
-- processing proves them.
WITH tried AS (
    SELECT
        receive_ref, log, "offset",
        count(*)                                       AS attempts,
        count(*) FILTER (WHERE NOT failed)             AS ok,
        min(start_ns)                                  AS began_ns,
        max(end_ns)                                    AS ended_ns,
        min(ord_start)                                 AS began_ord,
        min(ord_end)                                   AS first_end_ord,
        max(ord_end)                                   AS last_end_ord,
        min(end_ns)                                    AS first_end_ns,
        arg_max(failed, ord_end)                       AS last_failed,
        arg_max(error_type, ord_end)                   AS error_type,
        max(attempt)                                   AS attempt,
        bool_or(inferred)                              AS inferred,
        min(event_id)                                  AS event_id,
        min(message_key)                               AS message_key,
        list_sort(list(ref))                           AS process_refs
    FROM attempts
    WHERE receive_ref IS NOT NULL
    GROUP BY receive_ref, log, "offset"
),
received AS (
    SELECT
        h.ref AS receive_ref, h.who, h.service, h.instance, h.host, h.dark, h.number, h.grp, h.assumed, h.system,
        h.cluster, h.log, h.destination, h."partition", h."offset", h.member, h.generation,
        h.start_ns AS received_start_ns, least(h.end_ns, t.began_ns) AS handed_ns, h.ord_start AS handed_ord,
        least(h.ord_end, t.began_ord) AS handed_end_ord,
        coalesce(t.event_id, h.event_id) AS event_id,
        coalesce(t.message_key, h.message_key) AS message_key,
        coalesce(t.attempts, 0) AS attempts, coalesce(t.ok, 0) AS ok,
        t.began_ns, t.ended_ns, t.began_ord, t.first_end_ord, t.first_end_ns, t.last_end_ord, t.last_failed,
        t.error_type, t.attempt, t.inferred, t.process_refs
    FROM handed AS h
    LEFT JOIN tried AS t ON t.receive_ref = h.ref AND t.log = h.log AND t."offset" = h."offset"
    WHERE h.certain OR t.receive_ref IS NOT NULL
),
unreceived AS (
    SELECT
        CAST(NULL AS BLOB) AS receive_ref, who, service, instance, host, dark, number, grp, assumed, system,
        cluster, log, destination, "partition", "offset", member, generation,
        CAST(NULL AS BIGINT) AS received_start_ns, start_ns AS handed_ns, ord_start AS handed_ord,
        ord_start AS handed_end_ord,
        event_id, message_key,
        1 AS attempts, CASE WHEN failed THEN 0 ELSE 1 END AS ok,
        start_ns AS began_ns, end_ns AS ended_ns, ord_start AS began_ord, ord_end AS first_end_ord,
        end_ns AS first_end_ns, ord_end AS last_end_ord, failed AS last_failed,
        error_type, attempt, inferred, [ref] AS process_refs
    FROM attempts
    WHERE receive_ref IS NULL
)
SELECT
    *,
    CASE WHEN ok > 0 THEN 'ok' WHEN attempts > 0 THEN 'failed' END AS outcome
FROM (SELECT * FROM received UNION ALL SELECT * FROM unreceived) AS d
