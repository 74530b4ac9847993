-- crashed: records that were there before an owner who crashed was followed (see tails): it may have gone to them without
-- our knowing. `onward`: reading straight on was enough for it.
-- empty unless: EXISTS (SELECT 1 FROM tails)
SELECT t.grp, p.log, p."offset", bool_or(t.from_offset <= p."offset") AS onward
FROM (SELECT DISTINCT log, "offset" FROM places) AS p
JOIN tails AS t ON t.log = p.log
JOIN records AS r ON r.log = p.log AND r."offset" = p."offset"
WHERE r.acked_ns IS NULL
    OR r.acked_ns < t.until_ns + CASE WHEN r.acked_host = t.until_host THEN 0 ELSE 5000000000 END
GROUP BY t.grp, p.log, p."offset"
