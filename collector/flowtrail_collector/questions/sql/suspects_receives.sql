-- suspects_receives: records that were handed out at once: first and last of each run of a receive.
SELECT l.lane, r.start_ns, r.end_ns, r.number, r.generation,
    TRY_CAST(split_part(r.run, '-', 1) AS BIGINT) AS low,
    coalesce(TRY_CAST(nullif(split_part(r.run, '-', 2), '') AS BIGINT), TRY_CAST(split_part(r.run, '-', 1) AS BIGINT)) AS high
FROM (
    SELECT *, unnest(string_split(
        coalesce(offset_runs, "offset"::VARCHAR || '-' || coalesce(offset_last, "offset")::VARCHAR), ',')) AS run
    FROM received
) AS r
JOIN lanes AS l ON l.grp IS NOT DISTINCT FROM r.grp AND l.destination = r.destination AND l."partition" = r."partition"
    AND l.who IS NOT DISTINCT FROM r.who
