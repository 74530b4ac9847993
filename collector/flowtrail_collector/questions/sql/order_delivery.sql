-- order_delivery: records in the order in which one member was handed them, within one sequence of reading (each assign,
-- seek or reset starts a new one), redeliveries set aside. The sequence is the offset; `furthest` the largest before it;
-- `event_key` the record's key, whoever told it.
WITH first_turns AS (
    SELECT
        t.grp, t.log, t.who, t.gen, t.system, t.destination, t."partition", t."offset", t.instance, t.dark, t.receive_ref,
        t.handed_ns, t.handed_end_ord, t.attempts, t.first_end_ord, t.first_end_ns, t.process_refs, s.seq,
        coalesce(t.message_key, r.message_key) AS event_key,
        row_number() OVER (PARTITION BY t.grp, t.log, t."offset" ORDER BY t.gen, t.ord, t.receive_ref) AS copy
    FROM turns AS t
    JOIN sequenced AS s ON s.grp = t.grp AND s.log = t.log AND s.who = t.who AND s.reason = 'handed'
        AND s."position" = t."offset" AND s.gen = t.gen AND s.ord = t.ord AND s.ref = coalesce(t.receive_ref, t.process_refs[1])
    LEFT JOIN records AS r ON r.log = t.log AND r."offset" = t."offset"
    CROSS JOIN stretches AS z
    WHERE t.instance IS NOT NULL AND t."offset" BETWEEN z.low AND z.high
        AND (z.destination IS NULL OR (z.destination = t.destination AND z."partition" = t."partition"))
)
SELECT
    *,
    max("offset") OVER line AS furthest,
    coalesce(max("offset") OVER line > "offset", FALSE) AS reordered,
    event_key IS NOT NULL AND coalesce(max("offset") OVER key_line > "offset", FALSE) AS one_key
FROM first_turns
WHERE copy = 1
WINDOW
    line AS (PARTITION BY grp, log, who, seq ORDER BY handed_end_ord, "offset"
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    key_line AS (PARTITION BY grp, log, who, seq, event_key ORDER BY handed_end_ord, "offset"
                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
