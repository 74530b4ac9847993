-- sampled_owners: how far a partition reached when the broker was first seen to have assigned it to a member: what stands
-- from there on came later than the assignment, on whatever clock.
WITH first_seen AS (
    SELECT consumer_group, cluster_id, destination, "partition", member, min(at_ns) AS at_ns
    FROM broker_member_rows
    WHERE member IS NOT NULL AND destination IS NOT NULL AND "partition" IS NOT NULL
    GROUP BY consumer_group, cluster_id, destination, "partition", member
)
SELECT f.consumer_group, f.destination, f."partition", f.member, arg_max(e.end_offset, e.at_ns) AS end_offset
FROM first_seen AS f
JOIN broker_partition_rows AS e ON e.destination = f.destination AND e."partition" = f."partition"
    AND e.cluster_id IS NOT DISTINCT FROM f.cluster_id AND e.at_ns <= f.at_ns
WHERE e.end_offset IS NOT NULL
GROUP BY f.consumer_group, f.destination, f."partition", f.member
