-- sent: publications with the event they publish: the event at the acked record, else by id, else at the record that a
-- consumer ties to them, else an event of which nothing but this send is known.
SELECT
    p.*,
    coalesce(r.event, p.event_id, tr.event, 'span ' || lower(hex(p.ref))) AS event,
    t.log      AS told_log,
    t."offset" AS told_offset,
    t.records_told
FROM publications AS p
LEFT JOIN records AS r ON r.log = p.acked_log AND r."offset" = p."offset" AND p.outcome = 'acked' AND NOT r.conflict
LEFT JOIN told_sends AS t ON t.ref = p.ref
LEFT JOIN records AS tr ON tr.log = t.log AND tr."offset" = t."offset"
