-- order_completion: first completed attempts in the order in which one member ended them. The sequence is the order in
-- which the records were handed out; one that ends after a later one has ended is reordered. `furthest`: the largest
-- offset that ended before it.
WITH done AS (
    SELECT
        grp, log, who, seq, system, destination, "partition", "offset", instance, dark, first_end_ord, first_end_ns,
        process_refs, event_key,
        row_number() OVER (PARTITION BY grp, log, who ORDER BY gen, handed_end_ord, "offset") AS s
    FROM order_delivery
    WHERE attempts > 0
)
SELECT
    *,
    max("offset") OVER ended AS furthest,
    coalesce(max(s) OVER line > s, FALSE) AS reordered,
    event_key IS NOT NULL AND coalesce(max(s) OVER key_line > s, FALSE) AS one_key
FROM done
WINDOW
    line AS (PARTITION BY grp, log, who, seq ORDER BY first_end_ord, s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    ended AS (PARTITION BY grp, log, who, seq ORDER BY first_end_ord, "offset"
              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    key_line AS (PARTITION BY grp, log, who, seq, event_key ORDER BY first_end_ord, s
                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
