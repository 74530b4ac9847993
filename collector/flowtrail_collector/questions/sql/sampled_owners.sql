-- sampled_owners: how far a partition reached when the broker was first seen to have assigned it to a member: what stands
-- from there on came later than the assignment, on whatever clock.
--
-- `absences`: how many times the group was seen empty before. A member id is given once and never taken up again, so of two
-- members with different numbers the group was empty after the one had left and before the other had come, on whatever clock.
WITH states AS (
    SELECT consumer_group, cluster_id, at_ns, bool_and(coalesce(state = 'Empty' AND member IS NULL, FALSE)) AS vacant
    FROM broker_member_rows
    GROUP BY consumer_group, cluster_id, at_ns
),
beginnings AS (
    SELECT *, vacant AND NOT coalesce(lag(vacant) OVER (PARTITION BY consumer_group, cluster_id ORDER BY at_ns), FALSE) AS begins
    FROM states
),
counted AS (
    SELECT
        consumer_group, cluster_id, at_ns,
        sum(CASE WHEN begins THEN 1 ELSE 0 END) OVER (
            PARTITION BY consumer_group, cluster_id ORDER BY at_ns ROWS UNBOUNDED PRECEDING) AS absences
    FROM beginnings
),
first_seen AS (
    SELECT consumer_group, cluster_id, destination, "partition", member, min(at_ns) AS at_ns
    FROM broker_member_rows
    WHERE member IS NOT NULL AND destination IS NOT NULL AND "partition" IS NOT NULL
    GROUP BY consumer_group, cluster_id, destination, "partition", member
)
SELECT f.consumer_group, f.cluster_id, f.destination, f."partition", f.member, c.absences,
    arg_max(e.end_offset, e.at_ns) AS end_offset
FROM first_seen AS f
JOIN counted AS c ON c.consumer_group = f.consumer_group AND c.cluster_id IS NOT DISTINCT FROM f.cluster_id
    AND c.at_ns = f.at_ns
JOIN broker_partition_rows AS e ON e.destination = f.destination AND e."partition" = f."partition"
    AND e.cluster_id IS NOT DISTINCT FROM f.cluster_id AND e.at_ns <= f.at_ns
WHERE e.end_offset IS NOT NULL
GROUP BY f.consumer_group, f.cluster_id, f.destination, f."partition", f.member, c.absences
