-- instances: the coverage ledger, one row per process start that sent spans.
--
-- flowtrail's tracer numbers its spans 1, 2, 3 ... per instance, so `expected - received` spans are lost. `dark` says
-- that nothing may be concluded from what this instance did not report: it has holes, dropped spans, or is not
-- numbered at all (a foreign instrumentation). `dark_until`: by then, on its own clock, it
-- had recorded whatever it hides: a hole hides nothing that came later. The greatest number where nobody can tell. `ended` says that its last span is a
-- revoke or a close: it has no tail that a crash could have swallowed. The sums stand in ledger_rows, which
-- retention leaves alone.
--
-- `stepped` says that its clock was set back while it ran (see clock_steps).
-- Ledgered are the instances of the evidence and every instance that ever read one of its destinations: what a reader
-- did not report may be the very row that is missing.
WITH seen AS (
    SELECT coalesce(instance, 'service ' || service) AS who FROM evidence
    UNION
    SELECT coalesce(l.instance, 'service ' || l.service)
    FROM ledger_rows AS l
    JOIN (SELECT DISTINCT destination FROM evidence) AS d ON d.destination = l.destination
    WHERE l.operation IN ('receive', 'process', 'settle', 'assign', 'revoke')
),
told AS (
    SELECT
        s.who,
        min(l.service)                                  AS service,
        min(l.instance)                                 AS instance,
        min(l.host)                                     AS host,
        count(DISTINCT l.host)                          AS hosts,
        sum(l.numbered)                                 AS received,
        max(l.last_number)                              AS last_number,
        max(l.dropped)                                  AS dropped,
        sum(l.dropped_links)                            AS dropped_links,
        arg_max(l.operation, l.last_number)             AS last_operation,
        arg_max(l.closing, l.last_number)               AS last_closing,
        min(l.first_ns)                                 AS first_ns,
        max(l.last_ns)                                  AS last_ns,
        coalesce(sum(l.told_sampling), 0)               AS told_sampling,
        coalesce(sum(l.stand_for), 0)                   AS stand_for
    FROM ledger_rows AS l
    JOIN seen AS s ON s.who = coalesce(l.instance, 'service ' || l.service)
    GROUP BY s.who
),
gaps AS (
    SELECT who, sum(missing) AS missing, max(until_ns) AS until_ns, bool_or(until_ns IS NULL) AS open
    FROM holes
    GROUP BY who
)
SELECT
    t.who,
    t.service,
    t.instance,
    CASE WHEN t.hosts = 1 THEN t.host END AS host,
    t.last_number IS NOT NULL             AS numbered,
    coalesce(t.last_number, 0)            AS expected,
    least(t.last_number, t.received) AS received,
    coalesce(t.dropped, 0)                AS dropped,
    coalesce(t.dropped_links, 0)          AS dropped_links,
    t.last_number IS NULL OR t.received < t.last_number OR coalesce(t.dropped, 0) > 0
        OR coalesce(t.dropped_links, 0) > 0 AS dark,
    CASE
        WHEN t.last_number IS NULL OR coalesce(t.dropped_links, 0) > 0 THEN 9223372036854775807
        WHEN t.received >= t.last_number AND coalesce(t.dropped, 0) = 0 THEN NULL
        WHEN g.until_ns IS NULL OR g.open OR c.who IS NOT NULL OR g.missing < greatest(t.last_number - t.received, coalesce(t.dropped, 0))
            THEN 9223372036854775807
        ELSE g.until_ns
    END AS dark_until,
    coalesce(t.last_operation = 'revoke' OR t.last_closing, FALSE) AS ended,
    c.who IS NOT NULL                     AS stepped,
    t.last_number IS NULL AND t.stand_for > 1000 * t.told_sampling AS sampled,
    t.told_sampling,
    t.stand_for,
    t.first_ns,
    t.last_ns
FROM told AS t
LEFT JOIN clock_steps AS c ON c.who = t.who
LEFT JOIN gaps AS g ON g.who = t.who
