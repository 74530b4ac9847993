-- map_began: when the first span of the window that speaks of a destination began: rates are counted from there.
SELECT min(start_ns) AS first_ns
FROM span_rows
WHERE destination IS NOT NULL AND start_ns BETWEEN $since AND $until
