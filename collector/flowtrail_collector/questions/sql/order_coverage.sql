-- order_coverage: of the spans that the instances recorded on whom a row of `report order` rests, how many arrived: the
-- instances of a producer that sent to a destination (`log`), those of a group that read it (`read`). Null where none
-- numbers its spans.
WITH spoken AS (
    SELECT DISTINCT
        CASE WHEN l.operation IN ('send', 'create') THEN 'log' ELSE 'read' END AS side,
        l.system, l.destination,
        CASE WHEN l.operation IN ('send', 'create') THEN l.service ELSE coalesce(l.consumer_group, g.grp, l.service) END
            AS party,
        coalesce(l.instance, 'service ' || l.service) AS who
    FROM ledger_rows AS l
    LEFT JOIN one_group AS g ON g.service = l.service AND g.destination = l.destination
    WHERE l.destination IS NOT NULL
        AND l.operation IN ('send', 'create', 'receive', 'process', 'settle', 'assign', 'revoke')
)
SELECT
    s.side, s.system, s.destination, s.party,
    sum(CASE WHEN i.numbered THEN i.received END) AS received,
    sum(CASE WHEN i.numbered THEN i.expected END) AS expected
FROM spoken AS s
JOIN instances AS i ON i.who = s.who
GROUP BY s.side, s.system, s.destination, s.party
