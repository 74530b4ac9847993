-- declared: what the user declares of the system, in flowtrail.toml or on a command line (docs/configuration.md).
--
-- kind         group: a group must read a destination. retry, dead-letter: destinations whose whole names match a pattern
--              hold such copies. cause: an event of effect_type comes after that of cause_type with which it shares its
--              key or flow (joined_by). limit: a number that a finding goes by, under its name
SELECT kind, destination, consumer_group AS grp, pattern, effect_type, cause_type, joined_by, name, amount
FROM declaration_rows
