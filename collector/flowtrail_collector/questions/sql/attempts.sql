-- attempts: one row per processing of one record, with the receive that handed the record out (`receive_ref`, null
-- where nobody recorded one). Of several receives of the record in the instance, it is the latest before the
-- processing began, the member's own if there is one. Foreign clocks may be rounded to the millisecond. A receive span
-- may be recorded after the processings that it covers (an iteration's range is sealed when it is full): where the clock
-- was stepped and numbers order the spans, a later receive serves if there is no earlier one. `batched`: one span tells of
-- several records.
-- Foreign processing spans of one record that overlap in one instance are one attempt told twice (two layers that are
-- both instrumented); it failed if any failed. Our own are told apart by member and generation.
WITH processes AS (
    SELECT
        ref, trace_id, who, service, instance, host, number, dark, grp, assumed, system, cluster, log, destination,
        "partition", "offset", member, generation, event_id, message_id, correlation_id, causation_id, event_type,
        message_key, producer_epoch, producer_seq, attempt, outcome_inferred,
        origin_destination, status, error_type, start_ns, end_ns,
        ord_start, ord_end, FALSE AS batched,
        CASE WHEN number IS NOT NULL THEN coalesce(member, '') || '/' || coalesce(generation, 0) END AS teller
    FROM placed
    WHERE operation = 'process' AND log IS NOT NULL AND "offset" IS NOT NULL
    UNION ALL
    -- One span for a batch: what is particular to each message stands on its links.
    SELECT
        p.ref, p.trace_id, p.who, p.service, p.instance, p.host, p.number, p.dark, p.grp, p.assumed, p.system, p.cluster,
        p.log, p.destination, p."partition", l."offset", p.member, p.generation, l.message_id, l.message_id,
        l.correlation_id, NULL, NULL, l.message_key, NULL, NULL, p.attempt, p.outcome_inferred,
        NULL, p.status, p.error_type, p.start_ns, p.end_ns, p.ord_start, p.ord_end, TRUE,
        CASE WHEN p.number IS NOT NULL THEN coalesce(p.member, '') || '/' || coalesce(p.generation, 0) END
    FROM link_rows AS l
    JOIN placed AS p ON p.trace_id = l.trace_id AND p.span_id = l.span_id
    WHERE p.operation = 'process' AND p."offset" IS NULL AND l."offset" IS NOT NULL AND p.log IS NOT NULL
        AND coalesce(l."partition", p."partition") IS NOT DISTINCT FROM p."partition"
),
repeated AS (
    -- Nearly every record is processed once: only the others need to be told apart.
    SELECT who, teller, grp, log, "offset"
    FROM processes
    GROUP BY who, teller, grp, log, "offset"
    HAVING count(*) > 1
),
told AS (
    SELECT
        *,
        max(ord_end) OVER (
            PARTITION BY who, teller, grp, log, "offset"
            ORDER BY ord_start, ord_end DESC, ref
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reaches
    FROM processes AS p
    WHERE EXISTS (
        SELECT 1 FROM repeated AS r
        WHERE r.who IS NOT DISTINCT FROM p.who AND r.teller IS NOT DISTINCT FROM p.teller
            AND r.grp IS NOT DISTINCT FROM p.grp AND r.log = p.log AND r."offset" = p."offset")
),
numbered AS (
    SELECT
        *,
        sum(CASE WHEN reaches IS NULL OR reaches <= ord_start THEN 1 ELSE 0 END) OVER (
            PARTITION BY who, teller, grp, log, "offset"
            ORDER BY ord_start, ord_end DESC, ref
            ROWS UNBOUNDED PRECEDING
        ) AS attempt_no
    FROM told
),
once AS (
    SELECT
        who, grp, log, "offset", attempt_no,
        arg_min(ref, ord_start)        AS ref,
        arg_min(trace_id, ord_start)   AS trace_id,
        min(service)                   AS service,
        min(instance)                  AS instance,
        min(host)                      AS host,
        min(number)                    AS number,
        bool_or(dark)                  AS dark,
        bool_and(assumed)              AS assumed,
        min(system)                    AS system,
        min(cluster)                   AS cluster,
        min(destination)               AS destination,
        min("partition")               AS "partition",
        arg_min(member, ord_start)     AS member,
        arg_min(generation, ord_start) AS generation,
        min(event_id)                  AS event_id,
        min(message_id)                AS message_id,
        min(correlation_id)            AS correlation_id,
        min(causation_id)              AS causation_id,
        min(event_type)                AS event_type,
        min(message_key)               AS message_key,
        min(producer_epoch)            AS producer_epoch,
        min(producer_seq)              AS producer_seq,
        max(attempt)                   AS attempt,
        bool_and(coalesce(outcome_inferred, FALSE)) AS inferred,
        min(origin_destination)        AS origin_destination,
        bool_or(coalesce(status, 0) = 2) AS failed,
        min(error_type)                AS error_type,
        min(start_ns)                  AS start_ns,
        max(end_ns)                    AS end_ns,
        min(ord_start)                 AS ord_start,
        max(ord_end)                   AS ord_end,
        bool_or(batched)               AS batched
    FROM numbered
    GROUP BY who, teller, grp, log, "offset", attempt_no
    UNION ALL
    SELECT
        who, grp, log, "offset", 1, ref, trace_id, service, instance, host, number, dark, assumed, system, cluster,
        destination, "partition", member, generation, event_id, message_id, correlation_id, causation_id, event_type,
        message_key, producer_epoch, producer_seq, attempt, coalesce(outcome_inferred, FALSE), origin_destination,
        coalesce(status, 0) = 2, error_type, start_ns, end_ns, ord_start, ord_end, batched
    FROM processes AS p
    WHERE NOT EXISTS (
        SELECT 1 FROM repeated AS r
        WHERE r.who IS NOT DISTINCT FROM p.who AND r.teller IS NOT DISTINCT FROM p.teller
            AND r.grp IS NOT DISTINCT FROM p.grp AND r.log = p.log AND r."offset" = p."offset")
),
handing AS (
    SELECT
        a.ref, a."offset",
        max_by(h.ref, CASE
            WHEN h.ord_start > a.ord_start + CASE WHEN a.number IS NULL THEN 1000000 ELSE 0 END
                THEN -7000000000000000000 - h.ord_start
            WHEN h.member IS NOT DISTINCT FROM a.member            THEN h.ord_start
            ELSE h.ord_start - 4000000000000000000
        END) AS receive_ref
    FROM once AS a
    JOIN instances AS i ON i.who = a.who
    JOIN handed AS h
        ON h.who = a.who AND h.grp = a.grp AND h.log = a.log AND h."offset" = a."offset"
        AND (h.ord_start <= a.ord_start + CASE WHEN a.number IS NULL THEN 1000000 ELSE 0 END OR i.stepped)
    GROUP BY a.ref, a."offset"
)
SELECT a.*, h.receive_ref
FROM once AS a
LEFT JOIN handing AS h ON h.ref = a.ref AND h."offset" = a."offset"
