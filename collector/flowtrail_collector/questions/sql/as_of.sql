-- as_of: the watermark of every answer: the newest end time received, or the broker's last sample if that is newer.
SELECT greatest(
    coalesce((SELECT max(end_ns) FROM span_rows), 0),
    coalesce((SELECT max(at_ns) FROM broker_partition_rows), 0)
) AS as_of_ns
