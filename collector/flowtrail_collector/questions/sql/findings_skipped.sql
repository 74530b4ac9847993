-- skipped: a group came past a record and was never handed it, with nothing that would excuse it; see skips. An error
-- where it was read past or fell to retention; info where somebody moved the group beyond it.
-- empty unless: EXISTS (SELECT 1 FROM skips)
SELECT
    'skipped' AS kind,
    CASE WHEN s.reason = 'offset reset' THEN 'info' ELSE 'error' END AS severity,
    s.reason,
    r.system, r.destination, r."partition", [s."offset"] AS offsets, s.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CASE WHEN r.message_id IS NULL THEN [] ELSE [r.message_id] END AS message_ids,
    1 AS count,
    least(r.first_ns, coalesce(s.at_ns, r.first_ns)) AS first_ns, coalesce(s.at_ns, r.first_ns) AS last_ns,
    'A' AS grade,
    list_sort(list_distinct(list_filter([r.send_ref, s.below_ref, s.beyond_ref], lambda x: x IS NOT NULL))) AS evidence,
    s.grp || CASE s.reason
        WHEN 'read past' THEN ' was never handed ' || r.destination || ':' || r."partition" || ':' || s."offset"
            || ', although it read on beyond it'
        WHEN 'retention' THEN ' still had to read ' || r.destination || ':' || r."partition" || ':' || s."offset"
            || ' when retention deleted it'
        ELSE ' was set beyond ' || r.destination || ':' || r."partition" || ':' || s."offset" || ' and never read it'
    END AS summary,
    r.event
FROM skips AS s
JOIN records AS r ON r.log = s.log AND r."offset" = s."offset"
WHERE NOT s.to_come
