-- What people say of causes (marks.py): one row per cause that was ever marked. Retention leaves it alone.
CREATE TABLE mark_rows (
    cause     VARCHAR NOT NULL,            -- the cause's id (causes.py)
    state     VARCHAR NOT NULL,            -- open, acknowledged, muted
    note      VARCHAR NOT NULL,
    marked_by VARCHAR NOT NULL,
    at_ns     BIGINT  NOT NULL,
    as_of_ns  BIGINT  NOT NULL             -- the watermark then
);
