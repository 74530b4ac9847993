-- missing: declared groups of which nothing at all was ever seen on their destination, among the destinations that a
-- question looks at. Where anybody hides anything (see hiding) nothing is concluded from it.
-- empty unless: EXISTS (SELECT 1 FROM declared WHERE kind = 'group')
SELECT DISTINCT l.system, d.destination, d.grp
FROM declared AS d
JOIN (SELECT DISTINCT system, destination FROM placed) AS l ON l.destination = d.destination
WHERE d.kind = 'group' AND NOT EXISTS (
    SELECT 1 FROM seen_groups AS s WHERE s.destination = d.destination AND s.grp = d.grp)
