-- suspects_islands: what an instance processed, without holes: each goes up to a mark with a hole above it.
SELECT l.lane, m.place AS high,
    coalesce(lead(m.next) OVER (PARTITION BY m.lane ORDER BY m.place DESC), l.bottom) AS low
FROM marks AS m
JOIN lanes AS l ON l.lane = m.lane
WHERE m.next IS NULL OR m.next > m.place + 1
