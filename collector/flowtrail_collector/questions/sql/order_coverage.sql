-- order_coverage: of the spans that the instances recorded on whom a row of `report order` rests, how many arrived: the
-- instances of a producer that sent to a destination (`log`), those of a group that read it (`read`). Null where none
-- numbers its spans.
WITH spoken AS (
    SELECT 'log' AS side, system, destination, service AS party, coalesce(instance, 'service ' || service) AS who
    FROM ledger_rows
    WHERE destination IS NOT NULL AND operation IN ('send', 'create')
    UNION
    SELECT 'read', system, destination, grp, who FROM group_members
)
SELECT
    s.side, s.system, s.destination, s.party,
    sum(CASE WHEN i.numbered THEN i.received END) AS received,
    sum(CASE WHEN i.numbered THEN i.expected END) AS expected
FROM spoken AS s
JOIN instances AS i ON i.who = s.who
GROUP BY s.side, s.system, s.destination, s.party
