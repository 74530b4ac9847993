-- suspects_acts: what each instance processed and committed of a partition, for the lanes $1 to $2 (see lanes.py). A commit
-- stands with the last record it covers. Nothing is null: the largest number stands for what does not apply.
SELECT l.lane, a.place, a.process, a.start_ns, a.end_ns, coalesce(a.number, 0) AS number, a.stated
FROM (
    SELECT grp, destination, "partition", who, "offset" AS place, TRUE AS process, start_ns, end_ns, number, stated
    FROM processed
    UNION ALL
    SELECT grp, destination, "partition", who, "position" - 1, FALSE, 9223372036854775807, end_ns, number, FALSE
    FROM told
    WHERE operation = 'settle' AND coalesce(position_reason, 'commit') = 'commit' AND "position" IS NOT NULL
        AND number IS NOT NULL AND coalesce(status, 0) <> 2
) AS a
JOIN lanes AS l ON l.grp = a.grp AND l.destination = a.destination AND l."partition" = a."partition" AND l.who = a.who
WHERE l.lane BETWEEN $1 AND $2
