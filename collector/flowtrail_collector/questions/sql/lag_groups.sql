-- lag_groups: the one named group of a service on a destination: a span of that service that names none is its.
SELECT service, destination, min(consumer_group) AS grp
FROM span_rows
WHERE consumer_group IS NOT NULL AND operation IN ('receive', 'process', 'settle', 'assign', 'revoke')
    AND end_ns <= $until_ns
GROUP BY service, destination
HAVING count(DISTINCT consumer_group) = 1
