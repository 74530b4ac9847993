-- latency_logs: the logs in which messages stand, by destination and partition.
SELECT l.log, d.dest, d.system, d.destination, CASE WHEN l.log > 0 THEN nullif(l.log % 2147483648, 0) - 1 END AS "partition"
FROM (SELECT DISTINCT dest, log FROM latency_places) AS l
JOIN (SELECT DISTINCT dest, system, destination FROM latency_sites) AS d ON d.dest = l.dest
