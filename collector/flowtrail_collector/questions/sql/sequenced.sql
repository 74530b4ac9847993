-- sequenced: the deliveries and moves of each instance in a partition, cut into sequences: every assign, seek or reset
-- starts a new one. Within a sequence a member reads straight on; between two of them nothing follows from a jump.
WITH acts AS (
    SELECT grp, log, who, gen, ord, 1 AS rank, 'handed' AS reason, "offset" AS "position",
        coalesce(receive_ref, process_refs[1]) AS ref, handed_ns AS ns, member
    FROM turns
    UNION ALL
    SELECT grp, log, who, gen, ord, CASE WHEN reason IN ('assign', 'seek', 'reset') THEN 0 ELSE 2 END, reason,
        "position", ref, start_ns, member
    FROM moves
)
SELECT
    *,
    sum(CASE WHEN reason IN ('assign', 'seek', 'reset') THEN 1 ELSE 0 END) OVER (
        PARTITION BY grp, log, who ORDER BY gen, ord, rank, "position", ref ROWS UNBOUNDED PRECEDING
    ) AS seq
FROM acts
