-- around_positions: the positions that decide about the records in the ranges.
--
-- All of them but the commits that went straight on somewhere else. Kept of those: each that passed a record of a
-- range, by its group or by its instance; each that went back; the first and the last before and after every assign,
-- revoke, seek, reset or refused commit; and each instance's last and furthest.
WITH ranges AS (
    SELECT unnest($1::VARCHAR[]) AS destination, unnest($2::INTEGER[]) AS "partition",
        unnest($3::BIGINT[]) AS low, unnest($4::BIGINT[]) AS high
),
told AS (
    SELECT
        e.rowid AS span, r.destination, r."partition", e."position", e.end_ns,
        coalesce(e.consumer_group, e.service) AS grp,
        coalesce(e.instance, e.service) AS who,
        e.operation <> 'settle' OR coalesce(e.position_reason, 'commit') <> 'commit' OR coalesce(e.status, 0) = 2 AS turn
    FROM span_rows AS e
    JOIN (SELECT DISTINCT destination, "partition" FROM ranges) AS r
        ON r.destination = e.destination AND r."partition" = e."partition"
    WHERE e.operation IN ('settle', 'assign', 'revoke')
),
in_order AS MATERIALIZED (
    SELECT
        *,
        lag(turn) OVER of_group        AS turn_before,
        lead(turn) OVER of_group       AS turn_after,
        lag("position") OVER of_group  AS group_before,
        lag("position") OVER of_member AS own_before,
        row_number() OVER (PARTITION BY destination, "partition", grp, who ORDER BY end_ns DESC, span)     AS from_last,
        row_number() OVER (PARTITION BY destination, "partition", grp, who ORDER BY "position" DESC, span) AS from_top
    FROM told
    WINDOW
        of_group AS (PARTITION BY destination, "partition", grp ORDER BY end_ns, span),
        of_member AS (PARTITION BY destination, "partition", grp, who ORDER BY end_ns, span)
)
SELECT span
FROM in_order
WHERE turn OR coalesce(turn_before, TRUE) OR turn_after OR from_last = 1 OR from_top = 1
    OR "position" <= group_before OR "position" <= own_before
UNION
SELECT o.span
FROM in_order AS o
JOIN ranges AS r ON r.destination = o.destination AND r."partition" = o."partition"
    AND o."position" > r.low AND (coalesce(o.group_before, 0) <= r.high OR coalesce(o.own_before, 0) <= r.high)
