-- generations: whether the history of a group in a partition can be ordered by generation: every delivery and every
-- position (an administrator's reset excepted) carries one. In one generation a partition has one owner, so order
-- within that instance is order within the group, and no two hosts' clocks are compared. Otherwise there is only time.
SELECT grp, log, bool_and(generation IS NOT NULL) AS by_generation
FROM (
    SELECT grp, log, generation FROM deliveries WHERE "offset" IS NOT NULL
    UNION ALL
    SELECT grp, log, generation FROM positions WHERE reason <> 'reset'
) AS told
GROUP BY grp, log
