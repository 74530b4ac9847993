-- ruled: what comes after what by a declared rule: "PaymentRefunded after PaymentProcessed by key" lets a PaymentRefunded
-- come after the last PaymentProcessed of its key that is known to have been sent before it. By `flow`: of its
-- correlation id.
--
-- Known are sends of one log, by their offsets, and sends on one host's clock (an instance that names no host is a clock
-- of its own). Elsewhere nobody can say which came first, so nothing is claimed. A producer that is dark, or whose clock
-- was set back, tells no order.
-- empty unless: EXISTS (SELECT 1 FROM declared WHERE kind = 'cause')
WITH typed AS (
    SELECT
        s.event, s.event_type, s.message_key, s.correlation_id, coalesce(s.host, s.instance) AS clock, s.ref, s.start_ns,
        CASE WHEN s.outcome = 'acked' THEN s.acked_log END AS log, s."offset"
    FROM sent AS s
    JOIN instances AS i ON i.who = s.who
    WHERE s.event_type IS NOT NULL AND NOT s.dark AND NOT i.stepped AND s.origin_destination IS NULL
        AND NOT EXISTS (SELECT 1 FROM roles AS r WHERE r.destination = s.destination AND (r.is_retry OR r.is_dead_letter))
        AND EXISTS (SELECT 1 FROM declared AS d
            WHERE d.kind = 'cause' AND (d.effect_type = s.event_type OR d.cause_type = s.event_type))
),
firsts AS (
    -- An event that was sent again stands where it was sent first.
    SELECT
        event, event_type, message_key, correlation_id, clock, log,
        min(start_ns) AS start_ns, min("offset") AS "offset", arg_min(ref, start_ns) AS ref,
        count(*) OVER (PARTITION BY event) AS told
    FROM typed
    GROUP BY event, event_type, message_key, correlation_id, clock, log
),
joined AS (
    SELECT
        d.effect_type, d.cause_type, d.joined_by, e.event AS effect, e.ref, c.event AS cause,
        row_number() OVER (
            PARTITION BY d.effect_type, d.cause_type, d.joined_by, e.event, e.ref
            ORDER BY CASE WHEN c.log = e.log THEN c."offset" END DESC NULLS LAST, c.start_ns DESC, c.event
        ) AS place
    FROM declared AS d
    JOIN firsts AS e ON e.event_type = d.effect_type
    JOIN firsts AS c ON c.event_type = d.cause_type AND c.event <> e.event
        AND CASE d.joined_by WHEN 'key' THEN c.message_key = e.message_key ELSE c.correlation_id = e.correlation_id END
        AND CASE WHEN c.log = e.log THEN c."offset" < e."offset" ELSE c.clock = e.clock AND c.start_ns < e.start_ns END
    -- (Of an effect that was sent to several logs or by several hosts nobody can say which send came first.)
    WHERE d.kind = 'cause' AND e.told = 1
)
SELECT DISTINCT cause, effect, ref FROM joined WHERE place = 1
