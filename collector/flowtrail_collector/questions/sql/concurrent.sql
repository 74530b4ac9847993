-- concurrent: the instances that were seen handling records of a group concurrently: two of its attempts overlap,
-- in whichever partitions.
SELECT DISTINCT who, grp
FROM (
    SELECT
        who, grp, ord_start,
        max(ord_end) OVER (
            PARTITION BY who, grp, coalesce(member, '') ORDER BY ord_start, ord_end
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reaches
    FROM attempts
) AS a
WHERE reaches > ord_start
