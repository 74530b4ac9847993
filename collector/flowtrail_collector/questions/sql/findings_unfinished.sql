-- unfinished: silent failure. Processing began and never ended, while the member went on or left after committing past
-- the record; as the answer `unfinished` in consumed.
-- empty unless: EXISTS (SELECT 1 FROM consumed WHERE answer = 'unfinished')
SELECT
    'unfinished' AS kind,
    'error'      AS severity,
    c.reason,
    p.system, c.destination, c."partition", [c."offset"] AS offsets, c.grp AS "group",
    CAST(NULL AS VARCHAR) AS producer, CAST(NULL AS VARCHAR) AS instance,
    CASE WHEN p.message_id IS NULL THEN [] ELSE [p.message_id] END AS message_ids,
    1 AS count,
    coalesce(o.handed_ns, p.first_ns) AS first_ns, coalesce(o.last_sign_ns, p.first_ns) AS last_ns,
    c.grade,
    list_sort(list_distinct(list_concat(c.receive_refs, c.process_refs))) AS evidence,
    c.grp || ' was handed this event and never finished it: ' || coalesce(o.member, o.service, 'its member') || CASE
        WHEN c.reason = 'earlier failure' THEN ' failed once, took it up again and went on without an end'
        WHEN c.reason = 'the partition went to another member'
            THEN ' lost the partition to another member, which began beyond it'
        WHEN c.reason = 'the member went on' THEN ' went on to later records of ' || c.destination || ':' || c."partition"
        ELSE ' committed past it and left' END AS summary,
    c.event
FROM consumed AS c
JOIN places AS p ON p.event = c.event AND p.log = c.log AND p."offset" = c."offset"
LEFT JOIN (
    SELECT grp, log, "offset", min(handed_ns) AS handed_ns, max(last_sign_ns) AS last_sign_ns, min(member) AS member,
        min(service) AS service
    FROM open_turns GROUP BY grp, log, "offset"
) AS o ON o.grp = c.grp AND o.log = c.log AND o."offset" = c."offset"
WHERE c.answer = 'unfinished'
