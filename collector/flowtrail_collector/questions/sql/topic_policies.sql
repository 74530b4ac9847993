-- topic_policies: whether the broker said of a topic that it is compacted, ever. A topic that is not listed was not asked
-- about.
SELECT cluster_id, destination, bool_or(cleanup_policy LIKE '%compact%') AS compacted
FROM broker_topic_rows
WHERE cleanup_policy IS NOT NULL
GROUP BY cluster_id, destination
