-- suspects_ruled: which event comes after which by a declared rule, wherever it may: the effect and the last cause of its key
-- or flow before it, by the order of the log and by the clock.
WITH typed AS (
    SELECT d.effect_type, d.cause_type, d.joined_by, s.message_id, s.event_type, s.destination, s."partition", s."offset",
        s.start_ns, CASE d.joined_by WHEN 'key' THEN s.message_key ELSE s.correlation_id END AS joined
    FROM declared AS d
    JOIN looked AS s ON s.event_type IN (d.effect_type, d.cause_type)
    WHERE d.kind = 'cause' AND s.operation IN ('send', 'create') AND s.message_id IS NOT NULL
),
ordered AS (
    SELECT
        *,
        last_value(CASE WHEN event_type = cause_type THEN message_id END IGNORE NULLS) OVER in_time AS by_clock,
        last_value(CASE WHEN event_type = cause_type THEN message_id END IGNORE NULLS) OVER in_log AS by_log
    FROM typed
    WHERE joined IS NOT NULL
    WINDOW
        in_time AS (PARTITION BY effect_type, cause_type, joined_by, joined ORDER BY start_ns, message_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        in_log AS (PARTITION BY effect_type, cause_type, joined_by, joined, destination, "partition" ORDER BY "offset", message_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT message_id AS effect, by_clock AS cause FROM ordered WHERE event_type = effect_type AND by_clock IS NOT NULL
UNION
SELECT message_id, by_log FROM ordered WHERE event_type = effect_type AND by_log IS NOT NULL
