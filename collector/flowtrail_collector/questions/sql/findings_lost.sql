-- lost: acked, and nobody was ever handed it, while a group that had it to read was handed a later record of the
-- partition. Every group that reads the destination must be covered completely; see passed for what excuses it. Covered up
-- to that moment: whoever owns the partition now has ended in order, or has given a sign since the later record was handed
-- out; else what it did is yet to come.
-- empty unless: EXISTS (SELECT 1 FROM skips WHERE reason = 'read past' AND beyond)
WITH witnesses AS (
    SELECT
        s.log, s."offset", min(s.grp) AS grp, count(*) AS groups, max(s.at_ns) AS at_ns,
        arg_max(s.who, s.at_ns) AS who, arg_max(i.host, s.at_ns) AS host,
        list_distinct(list_filter(list_concat(list(s.below_ref), list(s.beyond_ref)), lambda x: x IS NOT NULL)) AS refs
    FROM skips AS s
    LEFT JOIN instances AS i ON i.who = s.who
    WHERE s.reason = 'read past' AND s.beyond
    GROUP BY s.log, s."offset"
),
owners AS (
    SELECT grp, log, who, reason,
        row_number() OVER (PARTITION BY grp, log ORDER BY gen DESC, ord DESC, rank DESC, "position" DESC, ref) AS from_last
    FROM sequenced
    WHERE log IN (SELECT log FROM witnesses)
),
holders AS (
    -- Whoever owns the partition now; of a group of which no owner is known, all of its members.
    SELECT o.log, o.who FROM owners AS o WHERE o.from_last = 1 AND o.reason <> 'revoke'
    UNION
    SELECT r.log, m.who
    FROM (SELECT DISTINCT log, destination FROM records WHERE log IN (SELECT log FROM witnesses)) AS r
    JOIN group_members AS m ON m.destination = r.destination
    WHERE NOT EXISTS (SELECT 1 FROM owners AS o WHERE o.log = r.log AND o.grp = m.grp)
),
behind AS (
    SELECT DISTINCT w.log, w."offset"
    FROM witnesses AS w
    JOIN holders AS o ON o.log = w.log
    JOIN instances AS i ON i.who = o.who AND NOT i.ended
    LEFT JOIN clock_bounds AS b ON b.host = i.host AND b.other = w.host
    WHERE o.who <> w.who AND NOT coalesce(i.last_ns + b.least_ns >= w.at_ns, FALSE)
)
SELECT
    'lost' AS kind,
    'error' AS severity,
    CAST(NULL AS VARCHAR) AS reason,
    r.system, r.destination, r."partition", [r."offset"] AS offsets, CAST(NULL AS VARCHAR) AS "group",
    p.producer, CAST(NULL AS VARCHAR) AS instance,
    CASE WHEN r.message_id IS NULL THEN [] ELSE [r.message_id] END AS message_ids,
    1 AS count,
    r.first_ns, greatest(r.first_ns, coalesce(w.at_ns, r.first_ns)) AS last_ns,
    'A' AS grade,
    list_sort(list_distinct(list_concat([r.send_ref], w.refs))) AS evidence,
    coalesce(p.producer, 'a producer') || ' published this event to ' || r.destination || ':' || r."partition" || ':' || r."offset"
        || ' and nobody was ever handed it; ' || w.grp
        || CASE WHEN w.groups > 1 THEN ' and ' || (w.groups - 1) || ' more' ELSE '' END || ' read on beyond it' AS summary,
    r.event
FROM witnesses AS w
JOIN records AS r ON r.log = w.log AND r."offset" = w."offset" AND r.send_ref IS NOT NULL
LEFT JOIN (
    SELECT acked_log AS log, "offset", min(producer) AS producer
    FROM publications WHERE outcome = 'acked' GROUP BY acked_log, "offset"
) AS p ON p.log = w.log AND p."offset" = w."offset"
WHERE NOT EXISTS (SELECT 1 FROM turns AS t WHERE t.log = w.log AND t."offset" = w."offset")
    AND NOT EXISTS (SELECT 1 FROM handed AS h WHERE h.log = w.log AND h."offset" = w."offset")
    AND NOT EXISTS (SELECT 1 FROM crashed AS x WHERE x.log = w.log AND x."offset" = w."offset")
    AND NOT EXISTS (SELECT 1 FROM behind AS b WHERE b.log = w.log AND b."offset" = w."offset")
    AND NOT EXISTS (SELECT 1 FROM unplaced AS u WHERE u.event = r.event AND u.destination = r.destination)
    AND NOT EXISTS (SELECT 1 FROM hidden AS d WHERE d.log = w.log AND d."offset" = w."offset")
