-- handed: one row per record of each receive span: what a member of a group was handed.
--
-- A range with holes names its runs. A range that holds fewer records than its width and names none tells not which:
-- its rows are not `certain`. Neither are those of franz-go, which ends receive spans for records that it fetched and
-- never handed out; a processing beside one makes it certain. Receives of one record that overlap in one
-- instance are one delivery told twice (Java, kotel, aiokafka's three layers): the earliest stands for them. A width
-- beyond 100,000 is no poll but a fault of the sender, and is not believed.
WITH ranges AS (
    SELECT
        p.ref, p.who, p.service, p.instance, p.host, p.number, p.dark, p.grp, p.assumed, p.system,
        p.cluster, p.log, p.destination, p."partition", p."offset", p.offset_runs, p.batch_count, p.member, p.generation,
        p.start_ns, p.end_ns, p.ord_start, p.ord_end, p.scope, p.event_id, p.correlation_id, p.message_key,
        coalesce(p.offset_last, p."offset") AS last_offset,
        u.run
    FROM placed AS p,
        unnest(string_split(
            coalesce(p.offset_runs, p."offset"::VARCHAR || '-' || coalesce(p.offset_last, p."offset")::VARCHAR), ','
        )) AS u(run)
    WHERE p.operation = 'receive' AND p."offset" IS NOT NULL AND p.log IS NOT NULL
),
runs AS (
    SELECT
        *,
        TRY_CAST(split_part(run, '-', 1) AS BIGINT) AS run_first,
        coalesce(TRY_CAST(nullif(split_part(run, '-', 2), '') AS BIGINT), TRY_CAST(split_part(run, '-', 1) AS BIGINT))
            AS run_last
    FROM ranges
),
ranged AS (
    SELECT
        ref, who, service, instance, host, number, dark, grp, assumed, system, cluster, log,
        destination, "partition", member, generation, start_ns, end_ns, ord_start, ord_end,
        u.each AS "offset",
        (offset_runs IS NOT NULL OR batch_count IS NULL OR batch_count >= last_offset - r."offset" + 1)
            AND coalesce(scope NOT ILIKE '%kotel%' AND scope NOT ILIKE '%franz-go%', TRUE) AS certain,
        event_id,
        correlation_id,
        message_key
    FROM (SELECT * FROM runs WHERE run_last >= run_first AND run_last - run_first < 100000) AS r,
        unnest(generate_series(r.run_first, r.run_last)) AS u(each)
),
linked AS (
    -- Java's poll span: partition on the span, offset and key on its links.
    SELECT
        p.ref, p.who, p.service, p.instance, p.host, p.number, p.dark, p.grp, p.assumed,
        p.system, p.cluster, p.log, p.destination, p."partition", p.member, p.generation, p.start_ns, p.end_ns,
        p.ord_start, p.ord_end, l."offset", TRUE AS certain, l.message_id AS event_id, l.correlation_id, l.message_key
    FROM link_rows AS l
    JOIN placed AS p ON p.trace_id = l.trace_id AND p.span_id = l.span_id
    WHERE p.operation = 'receive' AND p."offset" IS NULL AND l."offset" IS NOT NULL AND p.log IS NOT NULL
        AND coalesce(l."partition", p."partition") IS NOT DISTINCT FROM p."partition"
),
foreign_receives AS (
    SELECT
        *,
        max(ord_end) OVER (
            PARTITION BY who, grp, log, "offset" ORDER BY ord_start, ord_end DESC, ref
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reaches
    FROM (SELECT * FROM ranged WHERE number IS NULL UNION ALL SELECT * FROM linked WHERE number IS NULL) AS f
)
SELECT * FROM ranged WHERE number IS NOT NULL
UNION ALL
SELECT * FROM linked WHERE number IS NOT NULL
UNION ALL
SELECT
    ref, who, service, instance, host, number, dark, grp, assumed, system, cluster, log, destination, "partition", member,
    generation, start_ns, end_ns, ord_start, ord_end, "offset", certain, event_id, correlation_id, message_key
FROM foreign_receives
WHERE reaches IS NULL OR reaches < ord_start
