-- What the user declares of the system (flowtrail.toml): replaced as a whole, and never a reason to change a span.
CREATE TABLE declaration_rows (
    kind           VARCHAR,                -- group, retry, dead-letter, cause, limit
    destination    VARCHAR,                -- group: the destination that it must read
    consumer_group VARCHAR,
    pattern        VARCHAR,                -- retry, dead-letter: a regular expression for whole names
    effect_type    VARCHAR,                -- cause: this type of event comes after
    cause_type     VARCHAR,                -- that one, where both have the same
    joined_by      VARCHAR,                -- key, or flow
    name           VARCHAR,                -- limit: storm, loop, content-window
    amount         BIGINT                  -- limit: how much; content-window in milliseconds
);
