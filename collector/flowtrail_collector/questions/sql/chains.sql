-- chains: for each record the copies of it on retry and dead-letter destinations, and the copies of those: one chain of
-- attempts. `grp`: the group that the first copy was made for, null where it does not say.
-- empty unless: EXISTS (SELECT 1 FROM copies)
WITH RECURSIVE steps AS (
    SELECT
        p.log AS root_log, p."offset" AS root_offset, c.origin_group AS grp, c.log, c."partition", c."offset",
        c.destination, c.kind, c.ref, c.start_ns
    FROM places AS p
    JOIN copies AS c ON c.origin_destination = p.destination
        AND CASE WHEN c.origin_offset IS NOT NULL
                 THEN c.origin_offset = p."offset" AND (c.origin_partition IS NULL OR c.origin_partition = p."partition")
                 ELSE c.event_id = p.event END
    WHERE NOT p.copied
    UNION
    SELECT
        s.root_log, s.root_offset, s.grp, c.log, c."partition", c."offset", c.destination, c.kind, c.ref, c.start_ns
    FROM steps AS s
    JOIN copies AS c ON c.origin_destination = s.destination AND c.origin_offset = s."offset"
        AND (c.origin_partition IS NULL OR c.origin_partition = s."partition")
)
SELECT root_log, root_offset, grp, log, "partition", "offset", destination, kind, ref, start_ns FROM steps
