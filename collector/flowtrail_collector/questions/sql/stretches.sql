-- stretches: the offsets of which everything that is stored was gathered. Whoever asks about a window looks at all. A
-- question about single events looks at the surroundings of their records, and at a few spans of the rest: those tell how
-- far a group came, but not which copy of a record was the first, so order is judged within the stretches only.
SELECT CAST(NULL AS VARCHAR) AS destination, CAST(NULL AS INTEGER) AS "partition", 0 AS low,
    9223372036854775807 AS high
