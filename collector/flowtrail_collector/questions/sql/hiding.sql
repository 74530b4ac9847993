-- hiding: whether some instance that tells of messaging may hide what it did (see instances: holes, dropped spans, or no
-- numbers at all), over everything stored. Then nobody can say that a group did not read at all: that instance may have
-- been it. One row.
SELECT coalesce(bool_or(last_number IS NULL OR received < last_number OR dropped > 0 OR dropped_links > 0), FALSE) AS hidden
FROM (
    SELECT
        coalesce(instance, 'service ' || service) AS who,
        sum(numbered)                             AS received,
        max(last_number)                          AS last_number,
        coalesce(max(dropped), 0)                 AS dropped,
        coalesce(sum(dropped_links), 0)           AS dropped_links,
        count(operation)                          AS messaging
    FROM ledger_rows
    GROUP BY coalesce(instance, 'service ' || service)
) AS told
WHERE messaging > 0
