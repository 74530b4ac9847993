-- failed, dead-lettered: as the answers of these names in consumed. The chain of attempts across retry and dead-letter
-- destinations is one.
-- empty unless: EXISTS (SELECT 1 FROM consumed WHERE answer IN ('failed', 'dead-lettered'))
SELECT
    c.answer AS kind,
    'error'  AS severity,
    c.reason,
    coalesce(p.system, u.system) AS system, c.destination, c."partition",
    CASE WHEN c."offset" IS NULL THEN [] ELSE [c."offset"] END AS offsets, c.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CASE WHEN p.message_id IS NOT NULL THEN [p.message_id] WHEN u.event IS NOT NULL THEN [u.event] ELSE [] END
        AS message_ids,
    c.failures AS count,
    coalesce(d.first_ns, p.first_ns, u.first_ns) AS first_ns, coalesce(d.last_ns, p.first_ns, u.last_ns) AS last_ns,
    c.grade,
    list_sort(list_distinct(list_concat(c.process_refs, coalesce(c.copy_refs, []), coalesce(u.refs, [])))) AS evidence,
    c.grp || ' failed to handle this event' || CASE WHEN c.last_error IS NULL THEN '' ELSE ' (' || c.last_error || ')' END
        || CASE WHEN c.answer = 'dead-lettered' THEN '; a copy stands on ' || c.copy_destination
                ELSE ', and nothing shows a further attempt' END AS summary,
    c.event
FROM consumed AS c
LEFT JOIN places AS p ON p.event = c.event AND p.log = c.log AND p."offset" = c."offset"
LEFT JOIN (
    -- Queue brokers: attempts that name no record.
    SELECT event, destination, grp, min(system) AS system, min(start_ns) AS first_ns, max(end_ns) AS last_ns,
        list_sort(list(ref)) AS refs
    FROM unplaced
    WHERE operation = 'process'
    GROUP BY event, destination, grp
) AS u ON c."offset" IS NULL AND u.event = c.event AND u.destination = c.destination AND u.grp = c.grp
LEFT JOIN (
    SELECT grp, log, "offset", min(began_ns) AS first_ns, max(ended_ns) AS last_ns FROM turns GROUP BY grp, log, "offset"
) AS d ON d.grp = c.grp AND d.log = c.log AND d."offset" = c."offset"
WHERE c.answer IN ('failed', 'dead-lettered') AND NOT c.copied AND (p.event IS NOT NULL OR u.event IS NOT NULL)
