-- The tables of a store. Public are the views (views/*.sql); tables may change between schema versions.
--
-- No primary keys and no ART indexes: they cost 37 B a row and half the insert rate; zone maps on time answer look-ups.
-- Times are BIGINT nanoseconds since the epoch, because engines that the questions may be carried to have no
-- nanosecond timestamps. Ids are BLOB: the smallest on disk.

CREATE TABLE store_info (
    program        VARCHAR NOT NULL,   -- always 'flowtrail': tells our files from other programs' DuckDB files
    schema_version INTEGER NOT NULL,
    created_at     BIGINT  NOT NULL,
    created_by     VARCHAR NOT NULL    -- the flowtrail version
);

-- One row per stored span. Canonical columns; what the sender wrote stands in `attributes` as it came.
CREATE TABLE span_rows (
    trace_id           BLOB   NOT NULL,
    span_id            BLOB   NOT NULL,
    parent_span_id     BLOB,
    start_ns           BIGINT NOT NULL,
    end_ns             BIGINT NOT NULL,
    name               VARCHAR,
    kind               TINYINT,            -- OTLP enum: 1 internal, 2 server, 3 client, 4 producer, 5 consumer
    status             TINYINT,            -- 0 unset, 1 ok, 2 error
    status_message     VARCHAR,
    error_type         VARCHAR,
    trace_flags        SMALLINT,           -- low 8 bits of OTLP flags
    sampling           DOUBLE,             -- of the tracestate: the share that is kept of spans like this one
    dropped_links      INTEGER,
    dropped_attributes INTEGER,
    resource_id        BIGINT NOT NULL,    -- into resource_rows
    scope              VARCHAR,            -- instrumentation scope name
    service            VARCHAR,            -- service.name
    instance           VARCHAR,            -- service.instance.id, null where the sender gives none
    host               VARCHAR,            -- host.name
    number             BIGINT,             -- flowtrail.number
    dropped            BIGINT,             -- flowtrail.dropped: spans this instance says it dropped so far
    system             VARCHAR,            -- messaging.system, canonical
    cluster_id         VARCHAR,
    operation          VARCHAR,            -- create, send, receive, process, settle, assign, revoke; null: not messaging
    operation_name     VARCHAR,
    destination        VARCHAR,
    "partition"        INTEGER,
    "offset"           BIGINT,
    offset_last        BIGINT,             -- receive: last offset of the range
    offset_runs        VARCHAR,            -- receive: runs of a range with holes
    batch_count        BIGINT,
    message_id         VARCHAR,
    event_source       VARCHAR,            -- CloudEvents source: an id counts only together with it
    correlation_id     VARCHAR,
    causation_id       VARCHAR,
    event_type         VARCHAR,
    message_key        VARCHAR,
    tombstone          BOOLEAN,
    body_size          BIGINT,
    consumer_group     VARCHAR,            -- null where telemetry names none
    client_id          VARCHAR,
    server_address     VARCHAR,
    server_port        INTEGER,
    producer_epoch     VARCHAR,
    producer_seq       BIGINT,
    publish_outcome    VARCHAR,            -- acked, failed, in-doubt
    publish_timeout_ms BIGINT,
    attempt            INTEGER,
    outcome_inferred   BOOLEAN,            -- process: its end was not stated, the loop came back for the next message
    member             VARCHAR,
    generation         BIGINT,
    "position"         BIGINT,
    position_reason    VARCHAR,            -- commit, seek, reset, assign, revoke
    origin_destination VARCHAR,
    origin_partition   INTEGER,
    origin_offset      BIGINT,
    origin_group       VARCHAR,
    payload_digest     VARCHAR,
    schema_id          VARCHAR,
    content_type       VARCHAR,            -- media type in lower case, without charset
    event_version      VARCHAR,
    transaction_id     VARCHAR,
    transaction_outcome VARCHAR,           -- committed, aborted
    routing_key        VARCHAR,            -- RabbitMQ
    delivery_tag       BIGINT,             -- RabbitMQ
    queue_time_ms      DOUBLE,
    trace_hash         UINTEGER,           -- 32 bits of the id's digest: by them a span is found (store/lookup.py)
    message_hash       UINTEGER,
    conflicting        BOOLEAN NOT NULL,   -- another stored span has the same ids and other content
    -- What was sent and no column holds word for word (an old name, a value that was changed, an attribute without a
    -- column); values as JSON text unless they are strings. The rest stands in the columns under the names of
    -- normalise/vocabulary.py: to keep it twice doubled the cost of an insert (23 us a span instead of 10) and the file.
    attributes         MAP(VARCHAR, VARCHAR)
);

-- One row per link of a span. In batches the per-message attributes stand on the links (Java's poll).
CREATE TABLE link_rows (
    trace_id        BLOB   NOT NULL,       -- of the span that holds the link
    span_id         BLOB   NOT NULL,
    start_ns        BIGINT NOT NULL,       -- of that span: zone maps
    place           INTEGER NOT NULL,      -- 0, 1, 2 ... within the span
    linked_trace_id BLOB   NOT NULL,
    linked_span_id  BLOB   NOT NULL,
    destination     VARCHAR,               -- the span's own where the link has none
    "partition"     INTEGER,
    "offset"        BIGINT,
    message_id      VARCHAR,
    correlation_id  VARCHAR,
    message_key     VARCHAR,
    attributes      MAP(VARCHAR, VARCHAR)
);

-- One row per distinct resource (all attributes equal).
CREATE TABLE resource_rows (
    resource_id BIGINT NOT NULL,           -- 63-bit digest of the attributes
    attributes  MAP(VARCHAR, VARCHAR)
);

-- Requests that are committed: a retried request changes nothing. A bounded window, oldest removed.
CREATE TABLE request_rows (
    digest      BLOB   NOT NULL,           -- 16 bytes of the body's digest
    received_ns BIGINT NOT NULL
);

-- What the broker itself says, sampled by the watcher.
CREATE TABLE broker_partition_rows (
    at_ns       BIGINT NOT NULL,
    cluster_id  VARCHAR,
    destination VARCHAR NOT NULL,
    topic_id    VARCHAR,                   -- changes when a topic is deleted and created again
    "partition" INTEGER NOT NULL,
    log_start   BIGINT,
    end_offset  BIGINT,                    -- next offset to be written (high watermark)
    stable_end  BIGINT,                    -- last stable offset; equals end_offset without open transactions
    readable_end BIGINT                    -- last readable offset + 1, where a look showed that only markers follow
);
CREATE TABLE broker_position_rows (
    at_ns          BIGINT NOT NULL,
    cluster_id     VARCHAR,
    consumer_group VARCHAR NOT NULL,
    destination    VARCHAR NOT NULL,
    "partition"    INTEGER NOT NULL,
    "position"     BIGINT                  -- committed position; null: none committed
);
CREATE TABLE broker_member_rows (
    at_ns          BIGINT NOT NULL,
    cluster_id     VARCHAR,
    consumer_group VARCHAR NOT NULL,
    state          VARCHAR,                -- Stable, Empty, Dead, PreparingRebalance, ...
    generation     BIGINT,                 -- null where the broker does not tell
    member         VARCHAR,                -- null: the group has no members
    client_id      VARCHAR,
    client_host    VARCHAR,
    destination    VARCHAR,                -- one row per assigned partition; null: nothing assigned
    "partition"    INTEGER
);
CREATE TABLE broker_topic_rows (
    at_ns          BIGINT NOT NULL,
    cluster_id     VARCHAR,
    destination    VARCHAR NOT NULL,
    cleanup_policy VARCHAR,                -- delete, compact, compact,delete
    retention_ms   BIGINT
);

-- The ledger: what each instance told, summed per commit and merged from time to time, so that a question about one
-- event need not count every span ever stored. Retention leaves it alone: what was forgotten does not look lost.
CREATE TABLE ledger_rows (
    service        VARCHAR,
    instance       VARCHAR,
    host           VARCHAR,
    system         VARCHAR,
    cluster_id     VARCHAR,
    destination    VARCHAR,
    consumer_group VARCHAR,
    operation      VARCHAR,
    closing        BOOLEAN,                -- messaging.operation.name is `close`
    spans          BIGINT NOT NULL,
    numbered       BIGINT NOT NULL,        -- spans with a number, those with conflicting ids counted once
    last_number    BIGINT,
    dropped        BIGINT,
    dropped_links  BIGINT,
    first_ns       BIGINT NOT NULL,
    last_ns        BIGINT NOT NULL,
    told_sampling  BIGINT,                 -- spans without a number whose tracestate tells of sampling
    stand_for      BIGINT                  -- how many spans those stand for, in thousandths: an integer adds up alike in any order
);

-- Which of its numbers each instance's spans brought, as runs without a hole; those that touch are merged from time to
-- time. Retention leaves it alone, too.
CREATE TABLE number_rows (
    service      VARCHAR,
    instance     VARCHAR,
    first_number BIGINT NOT NULL,
    last_number  BIGINT NOT NULL,
    recorded_ns  BIGINT,                   -- by when a span of the run was recorded, and so every span with a lower number
    last_ns      BIGINT NOT NULL,          -- end of the span with the last number
    -- Receives left out, because an iteration's range is recorded when it is sealed, after the processings it covers:
    begun_ns     BIGINT,                   -- when the last of them began
    ended_ns     BIGINT,                   -- when the first of them ended
    stepped      BOOLEAN                   -- one ended before another with a lower number began: the clock was set back
);

-- Sends and processings of some records, to tell how far hosts' clocks are apart (store/clocks.py). Retention leaves them
-- alone, too.
CREATE TABLE clock_rows (
    trace_id    BLOB NOT NULL,
    span_id     BLOB NOT NULL,
    start_ns    BIGINT NOT NULL,
    service     VARCHAR,
    instance    VARCHAR,
    host        VARCHAR NOT NULL,
    system      VARCHAR,
    operation   VARCHAR NOT NULL,          -- send or process
    destination VARCHAR,
    "partition" INTEGER NOT NULL,
    "offset"    BIGINT NOT NULL,
    level       TINYINT NOT NULL           -- one record in 2 to the power of it is as rare
);
