-- spans: one row per stored span, as people read it. Public.
SELECT
    lower(hex(trace_id))         AS trace_id,
    lower(hex(span_id))          AS span_id,
    lower(hex(parent_span_id))   AS parent_span_id,
    make_timestamp_ns(start_ns)  AS started_at,
    make_timestamp_ns(end_ns)    AS ended_at,
    * EXCLUDE (trace_id, span_id, parent_span_id, trace_hash, message_hash)
FROM span_rows
