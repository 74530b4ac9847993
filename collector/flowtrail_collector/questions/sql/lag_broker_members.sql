-- lag_broker_members: the members of each group at its last description, one row per assigned partition, and whether
-- any member was known within the window.
WITH newest AS (
    SELECT cluster_id, consumer_group, max(at_ns) AS at_ns,
        bool_or(member IS NOT NULL) AS had_members
    FROM broker_member_rows
    WHERE at_ns <= $until_ns
    GROUP BY cluster_id, consumer_group
)
SELECT m.cluster_id, m.consumer_group AS grp, m.state, m.member, m.client_id, m.client_host, m.destination,
    m."partition", m.at_ns, n.had_members
FROM broker_member_rows AS m
JOIN newest AS n ON n.cluster_id IS NOT DISTINCT FROM m.cluster_id AND n.consumer_group = m.consumer_group
    AND n.at_ns = m.at_ns
