-- latency_firsts: for each place and group the first processing that ended ok; where none did, that it was tried.
--
-- Processings of one record that overlap in one foreign instance are one attempt told twice, and failed if any failed
-- (see attempts). Of several attempts that ended ok the first is that of the earliest generation: within one a
-- partition has one owner and one clock. Only without generations do clocks tell.
WITH counted AS (
    SELECT
        dest, log, "offset", party, count(*) AS tries, min(site) AS site, min(start_ns) AS start_ns,
        min(CASE WHEN NOT failed THEN end_ns END) AS end_ns,
        min(CASE WHEN numbered THEN message_hash END) AS least_hash, max(CASE WHEN numbered THEN message_hash END) AS most_hash
    FROM latency_tries
    WHERE log IS NOT NULL
    GROUP BY dest, log, "offset", party
),
several AS (
    SELECT t.*, i.who, CASE WHEN t.numbered THEN t.start_ns END AS alone
    FROM latency_tries AS t
    JOIN counted AS c ON c.tries > 1 AND c.log = t.log AND c."offset" = t."offset" AND c.party = t.party
    JOIN latency_sites AS i ON i.site = t.site
),
reached AS (
    SELECT *,
        max(end_ns) OVER (
            PARTITION BY who, alone, party, log, "offset" ORDER BY start_ns, end_ns DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reaches
    FROM several
),
parted AS (
    SELECT *,
        sum(CASE WHEN reaches IS NULL OR reaches <= start_ns THEN 1 ELSE 0 END) OVER (
            PARTITION BY who, alone, party, log, "offset" ORDER BY start_ns, end_ns DESC
            ROWS UNBOUNDED PRECEDING) AS attempt_no
    FROM reached
),
attempted AS (
    SELECT log, "offset", party, min(site) AS site, min(generation) AS generation, max(end_ns) AS end_ns,
        bool_or(failed) AS failed
    FROM parted
    GROUP BY log, "offset", party, who, alone, attempt_no
),
ordered AS (
    SELECT *,
        row_number() OVER (
            PARTITION BY log, "offset", party ORDER BY failed, coalesce(generation, 9223372036854775807), end_ns, site
        ) AS place
    FROM attempted
)
SELECT dest, log, "offset", party, site, start_ns, end_ns, least_hash, most_hash FROM counted WHERE tries = 1
UNION ALL
SELECT c.dest, c.log, c."offset", c.party, o.site, c.start_ns, CASE WHEN NOT o.failed THEN o.end_ns END, c.least_hash,
    c.most_hash
FROM counted AS c
JOIN ordered AS o ON o.place = 1 AND o.log = c.log AND o."offset" = c."offset" AND o.party = c.party
WHERE c.tries > 1
