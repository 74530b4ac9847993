-- causal-inversion: e1 caused e2, and a consumer of both began e2 before e1. error: confirmed, since every beginning of
-- both in the group stands on one host's clock. warning: suspected, across two hosts whose clock bound is known, where the
-- distance exceeds it.
--
-- An instance that names no host is one process and so on one clock.
--
-- Not given where an earlier beginning of e1 may be hidden: a member of the group is dark, was handed e1 before e2 was begun
-- and never told what became of it, or crashed with a tail that reaches e1.
-- empty unless: EXISTS (SELECT 1 FROM causes)
WITH begun AS (
    SELECT t.grp, r.event, min(t.began_ns) AS began_ns, count(DISTINCT coalesce(t.host, t.instance)) AS hosts,
        min(coalesce(t.host, t.instance)) AS host, bool_or(t.host IS NULL AND t.instance IS NULL) AS hostless, bool_or(i.stepped) AS stepped,
        min(t.handed_ns) FILTER (WHERE t.attempts = 0) AS untold_ns,
        arg_min(t.process_refs[1], t.began_ns) AS ref,
        -- Where it was begun first: it may stand on several destinations.
        arg_min(t.destination, t.began_ns) AS destination, arg_min(t."partition", t.began_ns) AS "partition",
        arg_min(t."offset", t.began_ns) AS "offset", arg_min(t.log, t.began_ns) AS log,
        min(t.system) AS system, min(r.message_id) AS message_id, min(r.acked_ns) AS acked_ns,
        bool_and(t.assumed) AS assumed
    FROM turns AS t
    JOIN records AS r ON r.log = t.log AND r."offset" = t."offset"
    LEFT JOIN instances AS i ON i.who = t.who
    -- What overwrote another event at its record and was read there is known.
    WHERE NOT r.conflict OR r.survived
    GROUP BY t.grp, r.event
),
led AS MATERIALIZED (
    -- (By itself: DuckDB would begin with every two events of a group. CROSS JOIN keeps SQLite from beginning elsewhere than
    -- with the few causes.)
    SELECT b.*, c.effect, c.ref AS cause_ref
    FROM causes AS c
    CROSS JOIN begun AS b
    WHERE b.event = c.cause
)
SELECT
    'causal-inversion' AS kind,
    CASE WHEN b1.host = b2.host THEN 'error' ELSE 'warning' END       AS severity,
    CASE WHEN b1.host = b2.host THEN 'confirmed' ELSE 'suspected' END AS reason,
    b1.system, b1.destination, b1."partition", [b1."offset"] AS offsets, b1.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    list_filter([b1.message_id, b2.message_id], lambda x: x IS NOT NULL) AS message_ids,
    1 AS count, least(b1.began_ns, b2.began_ns) AS first_ns, greatest(b1.began_ns, b2.began_ns) AS last_ns,
    CASE WHEN b1.host = b2.host THEN 'A' ELSE 'B' END AS grade,
    list_sort([b1.ref, b2.ref, b1.cause_ref]) AS evidence,
    b1.grp || ' began an event on ' || b2.destination || CASE WHEN b1.host = b2.host THEN ' ' ELSE ' at least ' END
        || round((b1.began_ns - b2.began_ns - coalesce(k.most_ns, 0)) / 1e6, 1)
        || ' ms before the event on ' || b1.destination || ' that caused it'
        || CASE WHEN b1.host = b2.host THEN '' ELSE ', by the clocks of two hosts' END AS summary,
    b1.event
FROM led AS b1
CROSS JOIN begun AS b2
LEFT JOIN clock_bounds AS k ON k.host = b2.host AND k.other = b1.host
WHERE b2.event = b1.effect AND b2.grp = b1.grp AND (b1.host <> b2.host OR b1.began_ns > b2.began_ns)
    AND NOT EXISTS (
        SELECT 1 FROM hidden AS h
        WHERE h.grp = b1.grp AND ((h.log = b1.log AND h."offset" = b1."offset") OR (h.log = b2.log AND h."offset" = b2."offset")))
    AND b1.hosts = 1 AND b2.hosts = 1 AND NOT b1.hostless AND NOT b2.hostless
    AND (b1.host = b2.host OR b2.began_ns + k.most_ns < b1.began_ns)
    AND NOT coalesce(b1.stepped, FALSE) AND NOT coalesce(b2.stepped, FALSE)
    AND (b1.untold_ns IS NULL OR (b1.host = b2.host AND b1.untold_ns > b2.began_ns)) AND NOT b1.assumed
    AND NOT EXISTS (
        SELECT 1 FROM crashed AS x WHERE x.grp = b1.grp AND x.log = b1.log AND x."offset" = b1."offset")
