-- skips: records that a group came past and was never handed, where that is certain: nothing of the group's telemetry is
-- missing, no crash hides a delivery, the group had the record to read, and nothing excuses it.
--
-- read past     within one ownership: an error, whatever the cause
-- retention     the log start, by the broker's word, passed the record while the group still had to read it
-- offset reset  a seek or reset set the group beyond it. What looks so may have been retention, where the broker did not
--               tell
--
-- `to_come`: the group was set beyond it, and has been moved back since: it will come to it once more. What was read past
-- stays read past, be the position committed or not.
-- empty unless: EXISTS (SELECT 1 FROM passed)
WITH told AS (
    SELECT
        p.*,
        CASE
            WHEN p.how = 'read past' THEN 'read past'
            WHEN p.how = 'expired' OR (p.own_reset AND coalesce(f.floor > p."offset", FALSE)) THEN 'retention'
            ELSE 'offset reset'
        END AS reason,
        f.came_below
    FROM passed AS p
    LEFT JOIN floors AS f ON f.grp = p.grp AND f.log = p.log
)
SELECT p.grp, p.log, p."offset", p.reason, p.reason = 'offset reset' AND coalesce(s."position" <= p."offset", FALSE) AS to_come, p.beyond, p.who, p.below_ref, p.beyond_ref, p.at_ns
FROM told AS p
JOIN starts AS s ON s.grp = p.grp AND s.log = p.log
LEFT JOIN crashed AS x ON x.grp = p.grp AND x.log = p.log AND x."offset" = p."offset"
LEFT JOIN hidden AS h ON h.grp = p.grp AND h.log = p.log AND h."offset" = p."offset"
WHERE h."offset" IS NULL AND x."offset" IS NULL AND s.start <= p."offset" AND coalesce(p.came_below <= p."offset", TRUE)
    -- Whoever was set beyond a record passed it, be it compacted away by now or not.
    AND ((p.excused IS NULL AND NOT p.compacted)
        OR (p.reason = 'offset reset' AND p.excused = 'may have been compacted away' AND NOT p.compacted))
