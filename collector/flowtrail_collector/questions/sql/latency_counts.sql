-- latency_counts: how many messages of each group, and events of each destination (`party` null), were measured and how
-- surely, and how many were not, by the reason.
SELECT
    dest, party, state, count(*) AS events,
    sum(CASE WHEN across THEN 1 ELSE 0 END)                              AS across,
    sum(CASE WHEN across AND (least IS NULL OR most IS NULL) THEN 1 ELSE 0 END) AS unbounded,
    sum(CASE WHEN latency < 0 THEN 1 ELSE 0 END)                         AS negative,
    sum(CASE WHEN doubtful THEN 1 ELSE 0 END)                            AS doubtful
FROM (
    SELECT dest, party, state, across, least, most, latency, doubtful FROM latency_pairs
    UNION ALL
    SELECT dest, NULL, state, across, least, most, latency, doubtful FROM latency_converged
) AS told
GROUP BY dest, party, state
