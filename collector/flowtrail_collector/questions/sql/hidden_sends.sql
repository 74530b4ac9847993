-- hidden_sends: destinations to which somebody may have sent what nobody told of: whoever sent there at all and hides
-- something. One row for each, with the end of what it hides (see shadows).
-- empty unless: EXISTS (SELECT 1 FROM shadows)
SELECT l.destination, l.system, s.who, s.host, s.until_ns
FROM (
    SELECT DISTINCT destination, system, coalesce(instance, 'service ' || service) AS who
    FROM ledger_rows
    WHERE operation IN ('send', 'create') AND destination IS NOT NULL
) AS l
JOIN shadows AS s ON s.who = l.who
