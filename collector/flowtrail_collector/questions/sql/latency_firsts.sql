-- latency_firsts: for each place and group the first processing that ended ok; where none did, that it was tried.
--
-- Processings of one record that overlap in one foreign instance are one attempt told twice, and failed if any failed
-- (see attempts). Of several attempts that ended ok the first is that of the earliest generation: within one a
-- partition has one owner and one clock. Only without generations do clocks tell.
WITH counted AS (
    SELECT
        dest, log, "offset", grp, count(*) AS tries, min(event_id) AS event_id, bool_or(numbered) AS numbered,
        min(host) AS host, min(who) AS who, min(start_ns) AS start_ns,
        min(CASE WHEN NOT failed THEN end_ns END) AS end_ns
    FROM latency_tries
    WHERE log IS NOT NULL
    GROUP BY dest, log, "offset", grp
),
several AS (
    SELECT
        t.*,
        CASE WHEN t.numbered THEN coalesce(t.member, '') || '/' || coalesce(t.generation, 0) END AS teller
    FROM latency_tries AS t
    JOIN counted AS c ON c.tries > 1 AND c.log = t.log AND c."offset" = t."offset" AND c.grp IS NOT DISTINCT FROM t.grp
),
reached AS (
    SELECT *,
        max(end_ns) OVER (
            PARTITION BY who, teller, grp, log, "offset" ORDER BY start_ns, end_ns DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reaches
    FROM several
),
parted AS (
    SELECT *,
        sum(CASE WHEN reaches IS NULL OR reaches <= start_ns THEN 1 ELSE 0 END) OVER (
            PARTITION BY who, teller, grp, log, "offset" ORDER BY start_ns, end_ns DESC
            ROWS UNBOUNDED PRECEDING) AS attempt_no
    FROM reached
),
attempted AS (
    SELECT log, "offset", grp, who, min(host) AS host, min(generation) AS generation, min(start_ns) AS start_ns,
        max(end_ns) AS end_ns, bool_or(failed) AS failed
    FROM parted
    GROUP BY log, "offset", grp, who, teller, attempt_no
),
ordered AS (
    SELECT *,
        row_number() OVER (
            PARTITION BY log, "offset", grp ORDER BY failed, coalesce(generation, 9223372036854775807), end_ns, who
        ) AS place
    FROM attempted
)
SELECT dest, log, "offset", grp, event_id, numbered, host, who, start_ns, end_ns FROM counted WHERE tries = 1
UNION ALL
SELECT c.dest, c.log, c."offset", c.grp, c.event_id, c.numbered, o.host, o.who, c.start_ns,
    CASE WHEN NOT o.failed THEN o.end_ns END
FROM counted AS c
JOIN ordered AS o ON o.place = 1 AND o.log = c.log AND o."offset" = c."offset" AND o.grp IS NOT DISTINCT FROM c.grp
WHERE c.tries > 1
