-- latency_spans: the sends and processings that are looked at, each once, with the fields that times are measured by.
--
-- Ids are kept only where somebody may have to find a span by them: where an instrumentation other than ours takes part,
-- and where a send names neither record nor message. `n` numbers the spans that name no record.
WITH told AS (
    SELECT
        e.operation, e.system, coalesce(e.cluster_id, c.cluster_id, '') AS cluster, e.destination, e."partition", e."offset",
        CASE WHEN e.operation = 'process' THEN coalesce(e.consumer_group, g.grp, e.service) END AS grp,
        CASE WHEN e.event_source IS NOT NULL AND e.message_id IS NOT NULL
             THEN e.event_source || '#' || e.message_id ELSE e.message_id END AS event_id,
        e.host, coalesce(e.instance, 'service ' || e.service) AS who, e.number IS NOT NULL AS numbered,
        e.member, e.generation, e.publish_outcome, coalesce(e.status, 0) = 2 AS failed,
        e.transaction_id IS NOT NULL AS transactional, e.origin_destination, e.origin_partition, e.origin_offset,
        e.origin_group, e.start_ns, e.end_ns,
        CASE WHEN f.many OR e.transaction_id IS NOT NULL OR e."offset" IS NULL THEN e.trace_id || e.span_id END AS ref,
        CASE WHEN f.many THEN e.trace_id || e.parent_span_id END AS parent_ref,
        CASE WHEN f.many THEN e.trace_id END AS trace_id
    FROM evidence AS e
    CROSS JOIN (
        SELECT coalesce(bool_or(spans > numbered), FALSE) OR EXISTS (
            SELECT 1 FROM evidence WHERE operation = 'send' AND "offset" IS NULL AND message_id IS NULL) AS many
        FROM ledger_rows
        WHERE operation IN ('send', 'create', 'process')
    ) AS f
    LEFT JOIN one_cluster AS c ON c.system IS NOT DISTINCT FROM e.system AND c.destination = e.destination
    LEFT JOIN one_group AS g ON g.service = e.service AND g.destination = e.destination
    WHERE e.operation IN ('send', 'create', 'process') AND e.destination IS NOT NULL
)
SELECT CAST(NULL AS BIGINT) AS n, * FROM told WHERE "offset" IS NOT NULL
UNION ALL
SELECT row_number() OVER (ORDER BY ref), * FROM told WHERE "offset" IS NULL
