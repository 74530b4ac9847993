-- overtaken: events of which a record stands behind one that was sent after it with its key. Its log was reordered, unless
-- an earlier copy of it stands before that: findings_log_reorder claims it where that can be told, else it is not known.
-- empty unless: EXISTS (SELECT 1 FROM (SELECT producer_seq < max(producer_seq) OVER (PARTITION BY who, producer_epoch, acked_log ORDER BY "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS back FROM publications) AS t WHERE back) OR EXISTS (SELECT 1 FROM operations GROUP BY operation_id HAVING count(*) > 1)
SELECT DISTINCT r.event, r.destination
FROM order_log AS o
JOIN records AS r ON r.log = o.log AND r."offset" = o.arrival
WHERE o.one_key
