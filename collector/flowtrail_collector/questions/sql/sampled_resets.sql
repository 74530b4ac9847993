-- sampled_resets: committed positions that the broker was seen to change from `before` to `position` while it was seen to
-- have no member of the group: seen empty in a round of samples before the change and in one after it. `absence`: in which
-- of the times in which the group was seen empty (see sampled_owners). That nobody came and went between two rounds is
-- not known here (see vacancies).
--
-- Only where the position changed once in that time: who moves a group moves it once, while a consumer that takes
-- partitions by itself and is no member commits as it reads. And only of a topic that was never created again.
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
        *,
        sum(CASE WHEN begins THEN 1 ELSE 0 END) OVER (
            PARTITION BY consumer_group, cluster_id ORDER BY at_ns ROWS UNBOUNDED PRECEDING) AS absence
    FROM beginnings
),
times AS (
    SELECT consumer_group, cluster_id, absence,
        min(CASE WHEN vacant THEN at_ns END) AS from_ns, min(CASE WHEN NOT vacant THEN at_ns END) AS until_ns
    FROM counted
    WHERE absence > 0
    GROUP BY consumer_group, cluster_id, absence
),
told AS (
    SELECT
        *,
        lag("position") OVER (
            PARTITION BY consumer_group, cluster_id, destination, "partition" ORDER BY at_ns
        ) AS before
    FROM broker_position_rows
),
changes AS (
    SELECT t.consumer_group, t.cluster_id, t.destination, t."partition", a.absence, a.until_ns,
        min(t.before) AS before, min(t."position") AS "position", min(t.at_ns) AS at_ns
    FROM told AS t
    JOIN times AS a ON a.consumer_group = t.consumer_group AND a.cluster_id IS NOT DISTINCT FROM t.cluster_id
        AND t.at_ns > a.from_ns AND t.at_ns < a.until_ns
    WHERE t.before IS DISTINCT FROM t."position"
    GROUP BY t.consumer_group, t.cluster_id, t.destination, t."partition", a.absence, a.until_ns
    HAVING count(*) = 1
),
same_topic AS (
    SELECT cluster_id, destination, "partition"
    FROM broker_partition_rows
    GROUP BY cluster_id, destination, "partition"
    HAVING count(DISTINCT topic_id) = 1 AND count(topic_id) = count(*)
)
SELECT c.consumer_group, c.cluster_id, c.destination, c."partition", c.absence, c.before, c."position", c.at_ns
FROM changes AS c
JOIN same_topic AS s ON s.cluster_id IS NOT DISTINCT FROM c.cluster_id AND s.destination = c.destination
    AND s."partition" = c."partition"
WHERE c.before IS NOT NULL AND c."position" IS NOT NULL
    -- A round asks for the members first and for the positions then. The next round that found nobody stands for both.
    AND EXISTS (
        SELECT 1 FROM broker_partition_rows AS r
        WHERE r.cluster_id IS NOT DISTINCT FROM c.cluster_id AND r.at_ns > c.at_ns AND r.at_ns < c.until_ns)
