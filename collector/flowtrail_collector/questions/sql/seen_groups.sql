-- seen_groups: the groups that were ever seen on a destination, delivering, settling or owning it, or that the broker
-- knows to have committed there.
SELECT destination, grp, max(last_ns) AS last_ns
FROM group_members
GROUP BY destination, grp
UNION ALL
SELECT destination, consumer_group, max(at_ns)
FROM committed_positions
WHERE "position" IS NOT NULL
GROUP BY destination, consumer_group
