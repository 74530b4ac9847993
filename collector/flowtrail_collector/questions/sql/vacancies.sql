-- vacancies: owners of a partition, by generation and member, before whom the group had no member at all, from the moment
-- when the owner two generations before (`former`) had left it until they came.
--
-- The broker was seen to have both as members, and in between nobody. A group that becomes empty takes a generation for
-- it, and so does the next member that comes; of two generations there is none left in which somebody else could have
-- been a member, seen or not. No clock is looked at.
-- empty unless: EXISTS (SELECT 1 FROM sampled_owners WHERE absences > 0)
WITH owners AS (
    SELECT DISTINCT p.grp, p.log, p.generation, p.member, o.cluster_id, o.absences
    FROM positions AS p
    JOIN sampled_owners AS o ON o.consumer_group = p.grp AND o.destination = p.destination
        AND o."partition" = p."partition" AND o.member = p.member
        AND (p.cluster = '' OR o.cluster_id IS NULL OR p.cluster = o.cluster_id)
    WHERE p.system = 'kafka' AND p.generation IS NOT NULL
)
SELECT n.grp, n.log, n.generation AS gen, n.member, n.cluster_id, n.absences, f.absences AS absences_before
FROM owners AS n
JOIN owners AS f ON f.grp = n.grp AND f.log = n.log AND f.generation = n.generation - 2 AND f.absences < n.absences
    AND f.cluster_id IS NOT DISTINCT FROM n.cluster_id
