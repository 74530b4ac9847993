-- latency_unread: how many messages of the window stand at destinations that no group is expected to read.
SELECT p.dest, count(*) AS events
FROM latency_places AS p
JOIN latency_wanted AS w ON w.log = p.log
WHERE p.start_ns BETWEEN $since AND $until AND p.ending IS DISTINCT FROM 'aborted'
    AND NOT EXISTS (SELECT 1 FROM latency_readers AS r WHERE r.dest = p.dest)
GROUP BY p.dest
