-- telemetry-gap: a hole in an instance's numbering, a drop counter above zero, dropped links, or sampling below 100 %. It
-- explains why other answers are unknown. Its evidence is the last span that the instance numbered; of sampling, the last
-- one whose tracestate tells of it.
--
-- Of spans that were sampled out only an estimate is known: a span that was kept with a chance of one in ten stands for
-- ten. `count` is then how many were not kept, by that estimate.
WITH shares AS (
    SELECT *,
        greatest(stand_for - 1000 * told_sampling, 0) AS left_out,
        CASE WHEN sampled THEN (stand_for + 500 * told_sampling) // (1000 * told_sampling) END AS one_in
    FROM instances
)
SELECT
    'telemetry-gap' AS kind,
    'info'          AS severity,
    CASE WHEN received < expected THEN 'hole in numbering' WHEN dropped > 0 THEN 'spans dropped'
         WHEN sampled THEN 'sampled' ELSE 'links dropped' END
        AS reason,
    CAST(NULL AS VARCHAR) AS system, CAST(NULL AS VARCHAR) AS destination, CAST(NULL AS INTEGER) AS "partition",
    CAST([] AS BIGINT[]) AS offsets, CAST(NULL AS VARCHAR) AS "group", service AS producer,
    coalesce(instance, i.who) AS instance,
    CAST([] AS VARCHAR[]) AS message_ids,
    CASE WHEN received < expected OR dropped > 0 THEN greatest(expected - coalesce(received, 0), dropped)
         WHEN sampled THEN greatest((left_out + 500) // 1000, 1) ELSE dropped_links END AS count,
    first_ns, last_ns, 'A' AS grade,
    CASE WHEN e.ref IS NULL THEN CAST([] AS BLOB[])
         ELSE [CASE WHEN sampled THEN coalesce(e.sampled_ref, e.ref) ELSE e.ref END] END AS evidence,
    CASE
        WHEN received < expected THEN 'of ' || expected || ' spans that ' || service || ' recorded, ' || (expected - received)
            || ' never arrived'
        WHEN dropped > 0 THEN service || ' dropped ' || dropped || ' spans'
        WHEN sampled AND 4 * stand_for < 7000 * told_sampling
            THEN 'about ' || least((100000 * told_sampling + stand_for // 2) // stand_for, 99) || ' in 100 spans of ' || service
                || ' were kept; the rest was sampled out'
        WHEN sampled THEN 'about one span in ' || CASE one_in
                WHEN 2 THEN 'two' WHEN 3 THEN 'three' WHEN 4 THEN 'four' WHEN 5 THEN 'five' WHEN 10 THEN 'ten'
                ELSE CAST(one_in AS VARCHAR) END
            || ' of ' || service || ' was kept; the rest was sampled out'
        ELSE service || ' dropped ' || dropped_links || ' links'
    END AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM shares AS i
LEFT JOIN (
    SELECT who, arg_max(ref, coalesce(number, ord_end)) AS ref,
        arg_max(CASE WHEN sampling < 1 THEN ref END, CASE WHEN sampling < 1 THEN ord_end END) AS sampled_ref
    FROM placed
    GROUP BY who
) AS e ON e.who = i.who
WHERE (numbered AND received < expected) OR dropped > 0 OR dropped_links > 0 OR sampled
