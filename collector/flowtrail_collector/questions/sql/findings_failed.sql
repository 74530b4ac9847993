-- failed, dead-lettered: as the answers of these names in consumed. The chain of attempts across retry and dead-letter
-- destinations is one.
-- empty unless: EXISTS (SELECT 1 FROM consumed WHERE answer IN ('failed', 'dead-lettered'))
SELECT
    c.answer AS kind,
    'error'  AS severity,
    c.reason,
    p.system, c.destination, c."partition", [c."offset"] AS offsets, c.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CASE WHEN p.message_id IS NULL THEN [] ELSE [p.message_id] END AS message_ids,
    c.failures AS count,
    coalesce(d.first_ns, p.first_ns) AS first_ns, coalesce(d.last_ns, p.first_ns) AS last_ns,
    c.grade,
    list_sort(list_distinct(list_concat(c.process_refs, coalesce(c.copy_refs, [])))) AS evidence,
    c.grp || ' failed to handle this event' || CASE WHEN c.last_error IS NULL THEN '' ELSE ' (' || c.last_error || ')' END
        || CASE WHEN c.answer = 'dead-lettered' THEN '; a copy stands on ' || c.copy_destination
                ELSE ', and nothing shows a further attempt' END AS summary,
    c.event
FROM consumed AS c
JOIN places AS p ON p.event = c.event AND p.log = c.log AND p."offset" = c."offset"
LEFT JOIN (
    SELECT grp, log, "offset", min(began_ns) AS first_ns, max(ended_ns) AS last_ns FROM turns GROUP BY grp, log, "offset"
) AS d ON d.grp = c.grp AND d.log = c.log AND d."offset" = c."offset"
WHERE c.answer IN ('failed', 'dead-lettered') AND NOT c.copied
