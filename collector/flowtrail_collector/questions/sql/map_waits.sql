-- map_waits: per destination and group how long records waited: from the start of their publication to the start of the
-- group's first processing. The 95th percentile by nearest rank, and the range in which its truth lies.
--
-- By the clocks of two hosts a wait is an estimate (see latency_pairs): `across` counts those, `unbounded` those whose
-- clocks nothing bounds, `doubtful` those whose clocks do not agree within their bounds, or that seem to be negative.
WITH waited AS (
    SELECT
        b.system, b.destination, b.grp, b.start_ns - s.start_ns AS wait,
        NOT coalesce(s.who = b.who OR s.host = b.host, FALSE)   AS across, c.least_ns, c.most_ns
    FROM map_begun AS b
    JOIN map_sent AS s ON s.destination = b.destination AND s."partition" = b."partition" AND s."offset" = b."offset"
        AND s.system IS NOT DISTINCT FROM b.system
    LEFT JOIN clock_bounds AS c ON c.host = s.host AND c.other = b.host
    WHERE s.times = 1
)
SELECT
    system, destination, grp, count(*) AS measured, quantile_disc(wait, 0.95) AS p95,
    sum(CASE WHEN across THEN 1 ELSE 0 END)::BIGINT AS across,
    sum(CASE WHEN across AND (least_ns IS NULL OR most_ns IS NULL) THEN 1 ELSE 0 END)::BIGINT AS unbounded,
    sum(CASE WHEN wait < 0 THEN 1 ELSE 0 END)::BIGINT AS negative,
    sum(CASE WHEN wait < 0 OR (across AND NOT coalesce(least_ns <= 0 AND most_ns >= 0, FALSE)) THEN 1 ELSE 0 END)::BIGINT
        AS doubtful,
    quantile_disc(CASE WHEN across THEN greatest(0, wait - most_ns) ELSE wait END, 0.95)  AS least,
    quantile_disc(CASE WHEN across THEN greatest(0, wait - least_ns) ELSE wait END, 0.95) AS most
FROM waited
GROUP BY system, destination, grp
