-- one_group: the group of a service on a destination, where all that it ever told names the same: spans of its that name
-- none belong to that group.
SELECT service, destination, min(consumer_group) AS grp
FROM ledger_rows
WHERE consumer_group IS NOT NULL
GROUP BY service, destination
HAVING count(DISTINCT consumer_group) = 1
