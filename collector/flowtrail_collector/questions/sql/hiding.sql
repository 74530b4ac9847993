-- hiding: instances, of everything stored, that may have read what nothing was seen of: numbered ones with holes or dropped
-- spans, and whoever tells of messaging without numbers. One row each.
--
-- Who is there? A group is seen on a destination when one span names the two, so an unseen reader is an instance of which
-- every such span is missing. One whose spans all arrived is none, though it lost links: destination and group stand on the
-- span itself. One without numbers may have told of any part of what it did (sampling, an exporter that dropped, nothing
-- instrumented), at any time: it may be the reader as long as it is remembered. What tells nothing of messaging would
-- not have told of a delivery either.
WITH told AS (
    SELECT
        coalesce(instance, 'service ' || service)              AS who,
        CASE WHEN min(host) = max(host) THEN min(host) END     AS host,
        sum(numbered)                                          AS received,
        max(last_number)                                       AS last_number,
        coalesce(max(dropped), 0)                              AS dropped,
        count(operation)                                       AS messaging,
        arg_max(closing OR coalesce(operation = 'revoke', FALSE), last_number) AS ended,
        max(last_ns)                                           AS last_ns,
        coalesce(sum(told_sampling), 0)                        AS told_sampling,
        coalesce(sum(stand_for), 0)                            AS stand_for
    FROM ledger_rows
    GROUP BY coalesce(instance, 'service ' || service)
)
SELECT
    who, host,
    last_number IS NOT NULL                                          AS numbered,
    greatest(last_number - received, dropped)                        AS missing,
    coalesce(ended, FALSE)                                           AS ended,
    last_ns,
    last_number IS NULL AND stand_for > 1000 * told_sampling         AS sampled
FROM told
WHERE (last_number IS NULL AND messaging > 0) OR received < last_number OR dropped > 0
