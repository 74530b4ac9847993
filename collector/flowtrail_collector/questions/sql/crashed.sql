-- crashed: records that were there before an owner who crashed was followed (see tails): it may have gone to them without
-- our knowing. The clocks tell that one came later, or the broker, who was seen to have assigned the partition to the next
-- owner when it reached less far. `onward`: reading straight on was enough for it.
-- empty unless: EXISTS (SELECT 1 FROM tails)
SELECT t.grp, p.log, p."offset", bool_or(t.from_offset <= p."offset") AS onward
FROM (SELECT DISTINCT log, "offset" FROM places) AS p
JOIN tails AS t ON t.log = p.log
JOIN records AS r ON r.log = p.log AND r."offset" = p."offset"
LEFT JOIN clock_bounds AS b ON b.host = r.acked_host AND b.other = t.until_host
LEFT JOIN sampled_owners AS o ON o.consumer_group = t.grp AND o.destination = r.destination
    AND o."partition" = r."partition" AND o.member = t.next_member
WHERE coalesce(r.acked_ns + b.least_ns < t.until_ns, TRUE) AND coalesce(p."offset" < o.end_offset, TRUE)
GROUP BY t.grp, p.log, p."offset"
