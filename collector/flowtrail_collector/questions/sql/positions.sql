-- positions: every position that a group held in a partition, as its members or an administrator reported it. Public.
-- A commit that failed is no position.
SELECT
    ref, who, service, instance, host, dark, number, grp, assumed, system, cluster, log, destination, "partition",
    member, generation,
    "position",
    CASE
        WHEN position_reason IS NOT NULL THEN position_reason
        WHEN operation IN ('assign', 'revoke') THEN operation
        ELSE 'commit'
    END AS reason,
    start_ns, end_ns, ord_start, ord_end
FROM placed
WHERE operation IN ('settle', 'assign', 'revoke') AND log IS NOT NULL AND "partition" IS NOT NULL
    AND coalesce(status, 0) <> 2 AND ("position" IS NOT NULL OR operation IN ('assign', 'revoke'))
