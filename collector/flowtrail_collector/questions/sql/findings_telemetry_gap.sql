-- telemetry-gap: a hole in an instance's numbering, a drop counter above zero, or dropped links. It explains why other
-- answers are unknown. Its evidence is the last span that the instance numbered.
SELECT
    'telemetry-gap' AS kind,
    'info'          AS severity,
    CASE WHEN received < expected THEN 'hole in numbering' WHEN dropped > 0 THEN 'spans dropped' ELSE 'links dropped' END
        AS reason,
    CAST(NULL AS VARCHAR) AS system, CAST(NULL AS VARCHAR) AS destination, CAST(NULL AS INTEGER) AS "partition",
    CAST([] AS BIGINT[]) AS offsets, CAST(NULL AS VARCHAR) AS "group", service AS producer,
    coalesce(instance, i.who) AS instance,
    CAST([] AS VARCHAR[]) AS message_ids,
    greatest(expected - received, dropped) + CASE WHEN received < expected OR dropped > 0 THEN 0 ELSE dropped_links END
        AS count,
    first_ns, last_ns, 'A' AS grade,
    CASE WHEN e.ref IS NULL THEN CAST([] AS BLOB[]) ELSE [e.ref] END AS evidence,
    CASE
        WHEN received < expected THEN 'of ' || expected || ' spans that ' || service || ' recorded, ' || (expected - received)
            || ' never arrived'
        WHEN dropped > 0 THEN service || ' dropped ' || dropped || ' spans'
        ELSE service || ' dropped ' || dropped_links || ' links'
    END AS summary,
    CAST(NULL AS VARCHAR) AS event
FROM instances AS i
LEFT JOIN (SELECT who, arg_max(ref, coalesce(number, ord_end)) AS ref FROM placed GROUP BY who) AS e ON e.who = i.who
WHERE (numbered AND received < expected) OR dropped > 0 OR dropped_links > 0
