-- order_unjudged: what stands in a log, or was handed out, and can not be put in order: sends without a number of their
-- producer's, and deliveries of which no instance is known. One row for each.
SELECT 'log' AS scope, p.system, p.destination, p."partition", p.producer AS party,
    'its sends bear no numbers' AS reason, p.end_ns AS arrival_ns
FROM publications AS p
WHERE p.outcome = 'acked' AND p."offset" IS NOT NULL AND (p.producer_seq IS NULL OR p.producer_epoch IS NULL)
UNION ALL
SELECT 'delivery', t.system, t.destination, t."partition", t.grp, 'its members can not be told apart', t.handed_ns
FROM turns AS t
WHERE t.instance IS NULL
