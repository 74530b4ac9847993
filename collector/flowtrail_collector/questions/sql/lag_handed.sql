-- lag_handed: ranges of records that members of a group were handed or processed. Java's poll has its offsets on links.
SELECT h.*
FROM (
    SELECT system, cluster_id, destination, "partition", "offset" AS first_offset,
        greatest("offset", coalesce(offset_last, "offset")) AS last_offset, consumer_group, service, start_ns, end_ns
    FROM span_rows
    WHERE operation IN ('receive', 'process') AND destination IS NOT NULL AND end_ns <= $until_ns
        AND coalesce("offset", 0) >= 0
    UNION ALL
    SELECT s.system, s.cluster_id, coalesce(l.destination, s.destination), coalesce(l."partition", s."partition"),
        l."offset", l."offset", s.consumer_group, s.service, s.start_ns, s.end_ns
    FROM link_rows AS l
    JOIN span_rows AS s ON s.trace_id = l.trace_id AND s.span_id = l.span_id
    WHERE l."offset" >= 0 AND s."offset" IS NULL AND s.operation IN ('receive', 'process') AND s.end_ns <= $until_ns
        AND coalesce(l.destination, s.destination) IS NOT NULL
) AS h
LEFT JOIN lag_eras AS e
    ON e.system IS NOT DISTINCT FROM h.system AND e.destination = h.destination AND e."partition" = h."partition"
WHERE e.from_ns IS NULL OR h.start_ns >= e.from_ns
