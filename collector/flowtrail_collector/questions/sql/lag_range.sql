-- lag_range: the time that spans and samples cover up to a moment. The last sample is the newest partition row: the
-- watcher writes one at least in every round.
SELECT
    (SELECT min(end_ns) FROM span_rows WHERE end_ns <= $until_ns AND end_ns >= $since_ns)             AS first_span_ns,
    (SELECT max(end_ns) FROM span_rows WHERE end_ns <= $until_ns)                                     AS last_span_ns,
    (SELECT min(at_ns) FROM broker_partition_rows WHERE at_ns <= $until_ns AND at_ns >= $since_ns)    AS first_sample_ns,
    (SELECT max(at_ns) FROM broker_partition_rows WHERE at_ns <= $until_ns)                           AS last_sample_ns
