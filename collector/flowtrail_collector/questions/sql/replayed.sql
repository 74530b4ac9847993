-- replayed: records handed again after the position moved back to them, or below, by seek or reset.
-- empty unless: EXISTS (SELECT 1 FROM again)
SELECT
    a.grp, a.log, a.system, a.destination, a."partition", a."offset", a.move_ref,
    CASE a.move_reason WHEN 'assign' THEN 'reset' ELSE a.move_reason END AS move_reason, a.move_position,
    a.handed_ns, a.before_ns, coalesce(a.receive_ref, a.process_refs[1]) AS handed_ref,
    CASE WHEN a.number IS NOT NULL THEN 'A' ELSE 'B' END AS grade, r.event, r.message_id
FROM again AS a
LEFT JOIN records AS r ON r.log = a.log AND r."offset" = a."offset"
WHERE a.replayed
