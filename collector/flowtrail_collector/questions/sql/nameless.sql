-- nameless: events whose sends failed definitively while a record that nobody has named was in a reader's hands: it may be
-- theirs. It was handed out, and neither an ack nor a processing has told yet what stands there.
--
-- What failed stands, if anywhere, behind all that its producer had acked before it began the send, and before all that it
-- began to send after the failure. A record that was handed out before the send began is not it either.
-- empty unless: EXISTS (SELECT 1 FROM sent WHERE outcome = 'failed')
WITH failed AS (
    SELECT s.event, s.destination, s.system, s."partition", s.event_id, s.who, s.host, s.start_ns, s.end_ns,
        coalesce(i.stepped, FALSE) AS stepped
    FROM sent AS s
    LEFT JOIN instances AS i ON i.who = s.who
    WHERE s.outcome = 'failed'
),
unnamed AS (
    SELECT r.log, r.system, r.destination, r."partition", r."offset",
        EXISTS (SELECT 1 FROM attempts AS a WHERE a.log = r.log AND a."offset" = r."offset") AS tried
    FROM records AS r
    CROSS JOIN stretches AS z
    WHERE r.event_id IS NULL AND r.send_ref IS NULL AND r."offset" BETWEEN z.low AND z.high
        AND (z.destination IS NULL OR (z.destination = r.destination AND z."partition" = r."partition"))
        AND EXISTS (SELECT 1 FROM failed AS f WHERE f.destination = r.destination)
)
SELECT DISTINCT f.event, f.destination
FROM failed AS f
JOIN unnamed AS u ON u.destination = f.destination AND u.system IS NOT DISTINCT FROM f.system
    AND coalesce(f."partition", u."partition") IS NOT DISTINCT FROM u."partition"
    AND NOT (u.tried AND f.event_id IS NOT NULL)
WHERE EXISTS (SELECT 1 FROM handed AS h WHERE h.log = u.log AND h."offset" = u."offset" AND h.number IS NOT NULL)
    AND NOT EXISTS (
        SELECT 1 FROM publications AS p
        WHERE p.who = f.who AND p.acked_log = u.log AND p.outcome = 'acked' AND NOT f.stepped
            AND ((p."offset" > u."offset" AND p.end_ns <= f.start_ns) OR (p."offset" < u."offset" AND p.start_ns >= f.end_ns)))
    AND NOT EXISTS (
        SELECT 1 FROM handed AS h
        JOIN clock_bounds AS b ON b.host = h.host AND b.other = f.host
        WHERE h.log = u.log AND h."offset" = u."offset" AND h.end_ns + b.most_ns < f.start_ns)
