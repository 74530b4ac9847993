-- latency_starts: the lowest offset that was ever for a group to read in a log: the lowest of its assigned positions and
-- of the offsets it was handed, as far as spans are looked at (see starts).
SELECT log, party,
    min(CASE WHEN operation IN ('receive', 'process') THEN "offset" ELSE "position" END) AS start
FROM latency_spans
WHERE log IS NOT NULL AND (operation IN ('assign', 'receive', 'process') OR (operation = 'settle' AND position_reason = 'reset'))
GROUP BY log, party
