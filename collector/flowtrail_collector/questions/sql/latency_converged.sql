-- latency_converged: one row per event and destination: how long it took from the start of its first publication until the
-- last of its expected groups had processed it. `latency` is null where it has not converged as far as is known, with
-- the reason. An event in an aborted transaction was never published.
WITH by_group AS (
    SELECT
        dest, event_log, event_offset, party, event_start_ns, state, ending, across, doubtful,
        latency - before_ns AS latency, least - before_ns AS least, most - before_ns AS most
    FROM latency_pairs
    WHERE event_log <> 0 AND ending IS DISTINCT FROM 'aborted'
    UNION ALL
    -- Of several places that bear the event, a group has processed it when it has processed one.
    SELECT
        dest, event_log, event_offset, party, min(event_start_ns), CASE WHEN max(state = 'ok') THEN 'ok' ELSE min(state) END,
        min(ending), bool_or(across OR NOT by_one_sender), bool_or(doubtful OR NOT by_one_sender),
        min(latency - before_ns), min(CASE WHEN by_one_sender THEN least - before_ns END),
        CASE WHEN bool_and(by_one_sender) THEN min(most - before_ns) END
    FROM latency_pairs
    WHERE event_log = 0 AND ending IS DISTINCT FROM 'aborted'
    GROUP BY dest, event_log, event_offset, party
)
SELECT
    dest, event_log, event_offset,
    CASE
        WHEN bool_and(state = 'ok') THEN 'ok'
        WHEN bool_or(state = 'two events at one record') THEN 'two events at one record'
        WHEN bool_or(state = 'publication not known') THEN 'publication not known'
        WHEN bool_or(ending = 'open') THEN 'transaction open'
        WHEN bool_or(state = 'not ended ok') THEN 'not ended ok'
        WHEN bool_or(state = 'no processing known') THEN 'no processing known'
        WHEN bool_or(state = 'telemetry gap') THEN 'telemetry gap'
        ELSE 'processing not instrumented'
    END AS state,
    CASE WHEN bool_and(state = 'ok') THEN bool_or(across) END AS across,
    CASE WHEN bool_and(state = 'ok') THEN max(latency) END AS latency,
    CASE WHEN bool_and(state = 'ok') AND count(least) = count(*) THEN max(least) END AS least,
    CASE WHEN bool_and(state = 'ok') AND count(most) = count(*) THEN max(most) END AS most,
    CASE WHEN bool_and(state = 'ok') THEN bool_or(doubtful) END AS doubtful
FROM by_group
WHERE event_start_ns IS NULL OR event_start_ns BETWEEN $since AND $until
GROUP BY dest, event_log, event_offset
