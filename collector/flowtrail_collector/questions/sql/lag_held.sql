-- lag_held: every position that a group's members reported: commit, seek, reset, assign, revoke. A failed commit is none.
SELECT
    p.system, p.cluster_id, p.destination, p."partition", p."position", p.consumer_group, p.service, p.member,
    p.generation, p.number, p.end_ns,
    CASE
        WHEN p.position_reason IS NOT NULL THEN p.position_reason
        WHEN p.operation IN ('assign', 'revoke') THEN p.operation
        ELSE 'commit'
    END AS reason
FROM span_rows AS p
LEFT JOIN lag_eras AS e
    ON e.system IS NOT DISTINCT FROM p.system AND e.destination = p.destination AND e."partition" = p."partition"
WHERE p.operation IN ('settle', 'assign', 'revoke') AND p."position" >= 0 AND p."partition" IS NOT NULL
    AND p.destination IS NOT NULL AND coalesce(p.status, 0) <> 2 AND p.end_ns <= $until_ns
    AND (e.from_ns IS NULL OR p.start_ns >= e.from_ns)
