-- latency_copies: processings of copies on retry and dead-letter destinations that ended ok, as what they are to the
-- message that was copied: its group has processed it (see copies, chains, and `processed` in consumed). One row per
-- place and group. Whoever keeps dead letters has not processed the event.
WITH RECURSIVE kinds AS (
    SELECT l.dest, max(r.is_retry) AS is_retry
    FROM latency_sites AS l
    JOIN latency_roles AS r ON r.destination = l.destination AND (r.is_retry OR r.is_dead_letter)
    GROUP BY l.dest
),
dests AS (
    SELECT DISTINCT dest, destination FROM latency_sites
),
carried AS (
    SELECT dest, log, "offset", event_id, origin_destination, origin_partition, origin_offset, origin_group
    FROM latency_sends
    WHERE origin_destination IS NOT NULL AND (acked OR log < 0) AND coalesce(ending, 'committed') = 'committed'
    UNION
    SELECT dest, log, "offset", event_id, origin_destination, origin_partition, origin_offset, origin_group
    FROM latency_tries
    WHERE origin_destination IS NOT NULL AND log IS NOT NULL
),
known AS (
    -- The ids of what copies may be of, and of what may be copies: read only where there are any. An id does not say of
    -- which of its records something is a copy: of the first.
    SELECT p.dest, p.log, p."offset", coalesce(p.event_id, s.event_id) AS event_id,
        row_number() OVER (
            PARTITION BY p.dest, coalesce(p.event_id, s.event_id) ORDER BY p.start_ns, p.log, p."offset") AS nth
    FROM latency_places AS p
    LEFT JOIN latency_sends AS s ON s.log = p.log AND s."offset" = p."offset"
    WHERE EXISTS (SELECT 1 FROM kinds) AND coalesce(p.event_id, s.event_id) IS NOT NULL
),
edges AS (
    SELECT c.dest, c.log, c."offset", p.log AS from_log, p."offset" AS from_offset, c.origin_group
    FROM carried AS c
    JOIN kinds AS k ON k.dest = c.dest
    JOIN dests AS l ON l.destination = c.origin_destination
    JOIN latency_places AS p ON p.dest = l.dest AND p.log > 0 AND p."offset" = c.origin_offset
        AND (c.origin_partition IS NULL OR p.log % 2147483648 = c.origin_partition + 1)
    UNION
    SELECT c.dest, c.log, c."offset", p.log, p."offset", c.origin_group
    FROM carried AS c
    JOIN kinds AS k ON k.dest = c.dest
    JOIN dests AS l ON l.destination = c.origin_destination
    JOIN known AS p ON p.dest = l.dest AND p.event_id = c.event_id AND p.nth = 1
    WHERE c.origin_offset IS NULL
    UNION
    SELECT c.dest, c.log, c."offset", p.log, p."offset", CAST(NULL AS VARCHAR)
    FROM known AS c
    JOIN kinds AS k ON k.dest = c.dest
    JOIN known AS p ON p.event_id = c.event_id AND p.nth = 1 AND p.dest NOT IN (SELECT dest FROM kinds)
    WHERE NOT EXISTS (SELECT 1 FROM carried AS o WHERE o.log = c.log AND o."offset" = c."offset")
),
chains AS (
    SELECT dest, log, "offset", from_log AS root_log, from_offset AS root_offset, origin_group FROM edges
    UNION
    SELECT c.dest, c.log, c."offset", e.from_log, e.from_offset, e.origin_group
    FROM chains AS c
    JOIN edges AS e ON e.log = c.root_log AND e."offset" = c.root_offset
),
roots AS (
    SELECT * FROM chains AS c
    WHERE NOT EXISTS (SELECT 1 FROM edges AS e WHERE e.log = c.root_log AND e."offset" = c.root_offset)
)
SELECT p.log, p."offset", r.party, min(f.end_ns) AS end_ns, arg_min(f.site, f.end_ns) AS site
FROM roots AS c
JOIN kinds AS k ON k.dest = c.dest
JOIN latency_places AS p ON p.log = c.root_log AND p."offset" = c.root_offset
JOIN latency_readers AS r ON r.dest = p.dest AND (c.origin_group IS NULL OR c.origin_group = r.grp)
LEFT JOIN latency_readers AS own ON own.dest = c.dest AND own.party = r.party
JOIN latency_firsts AS f ON f.log = c.log AND f."offset" = c."offset" AND f.end_ns IS NOT NULL
    AND (f.party = r.party OR (own.party IS NULL AND k.is_retry))
GROUP BY p.log, p."offset", r.party
