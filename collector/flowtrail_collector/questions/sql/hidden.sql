-- hidden: records of which a group may have done something that we did not see: one of its instances is dark, and not only
-- until a moment before the record came to be. Moments of two hosts are compared within the bound of their clocks. Or it
-- told something of a topic that was created again, and two clocks leave open of which of the two logs (see placed).
SELECT d.grp, p.log, p."offset"
FROM (
    SELECT DISTINCT grp, system, destination, "partition"
    FROM placed
    WHERE log IS NULL AND grp IS NOT NULL AND destination IS NOT NULL
) AS d
JOIN records AS p ON p.destination = d.destination AND p.system IS NOT DISTINCT FROM d.system
    AND p."partition" = d."partition"
UNION
SELECT r.grp, p.log, p."offset"
FROM records AS p
JOIN readers AS r ON r.destination = p.destination AND r.system IS NOT DISTINCT FROM p.system
    AND (r.dark OR r.dark_until IS NOT NULL)
LEFT JOIN clock_bounds AS b ON b.host = p.acked_host AND b.other = r.dark_host
WHERE r.dark OR coalesce(r.dark_until >= p.sent_ns + b.least_ns, TRUE)
