-- watched: of what was sent when, by each host's clock, nobody can have been a reader whom we did not see: after `after_ns`
-- and, where it is not null, before `before_ns`. No rows: nobody hides anything.
--
-- An instance with a hole hides what was there by the hole's end (see holes): it can not have read in it what was sent
-- later. It may have taken a partition in it, though, and own it still. Then it reads what comes, and tells of that; or it
-- ended in order and told that it left. Only one that has not ended may not have come to it yet: Kafka's default
-- max.poll.interval.ms of five minutes is granted, within which an owner polls or is none any more. So what was sent less
-- than that before its last span may have a reader still. An instance without numbers, or with a hole of which nobody
-- knows when it was, hides everything. Moments of two hosts are compared within the bound of their clocks; without one,
-- everything is hidden.
-- empty unless: EXISTS (SELECT 1 FROM hiding)
WITH dark AS (
    SELECT h.host, s.until_ns, CASE WHEN NOT h.ended THEN h.last_ns - 300000000000 END AS alive_ns
    FROM hiding AS h
    JOIN shadows AS s ON s.who = h.who
)
SELECT
    s.host,
    max(CASE WHEN d.until_ns IS NULL OR b.host IS NULL THEN 9223372036854775807 ELSE d.until_ns - b.least_ns END) AS after_ns,
    min(d.alive_ns - b.most_ns) AS before_ns
FROM (SELECT DISTINCT host FROM ledger_rows WHERE host IS NOT NULL) AS s
CROSS JOIN dark AS d
LEFT JOIN clock_bounds AS b ON b.host = s.host AND b.other = d.host
GROUP BY s.host
