-- shadows: until when whoever hides something (see hiding) may have done what nobody told of, on its own host's clock: by the
-- end of its last hole. Null: nobody knows.
-- empty unless: EXISTS (SELECT 1 FROM hiding)
WITH gaps AS (
    SELECT who, sum(missing) AS missing, max(until_ns) AS until_ns, bool_or(until_ns IS NULL) AS open
    FROM holes
    GROUP BY who
)
SELECT h.who, h.host, h.numbered, h.sampled,
    CASE WHEN h.numbered AND NOT g.open AND g.missing >= h.missing THEN g.until_ns END AS until_ns
FROM hiding AS h
LEFT JOIN gaps AS g ON g.who = h.who
