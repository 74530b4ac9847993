-- latency_sends: publications: sends, each operation once (see publications), with the place where the event was acked.
--
-- Where no record is known `log` is the destination's number below zero, and `offset` the send's own: `acked` all the
-- same if the service gave the message its id. `ending`: how its transaction
-- ended: committed, aborted, open; null outside of one.
WITH told AS (
    SELECT
        site, dest, log, "offset", n, message_hash, event_id, operation, publish_outcome, failed, transactional,
        origin_destination, origin_partition, origin_offset, origin_group, start_ns, ref, parent_ref, trace_id
    FROM latency_spans
    WHERE operation IN ('send', 'create')
),
nested AS (
    -- A send inside a send to the same destination is the same operation told twice.
    SELECT o.ref AS outer_ref, i.ref AS inner_ref, i.log, i."offset", i.event_id, i.message_hash
    FROM told AS i
    JOIN told AS o ON o.ref = i.parent_ref AND o.dest = i.dest
        AND (o.event_id IS NULL OR i.event_id IS NULL OR o.event_id = i.event_id)
        AND (o.operation = 'send' OR i.operation = 'create' OR i.event_id IS NULL)
),
inside AS (
    SELECT outer_ref, max("offset") AS "offset", max(CASE WHEN "offset" IS NOT NULL THEN log END) AS log,
        min(event_id) AS event_id, min(message_hash) AS message_hash
    FROM nested
    GROUP BY outer_ref
),
operations AS (
    SELECT * FROM told WHERE operation = 'send'
    UNION ALL
    SELECT c.* FROM told AS c
    WHERE c.operation = 'create' AND NOT EXISTS (
        SELECT 1 FROM told AS s
        WHERE s.operation = 'send' AND s.trace_id = c.trace_id AND s.dest = c.dest
            AND NOT EXISTS (SELECT 1 FROM nested AS d WHERE d.inner_ref = s.ref))
),
whole AS (
    SELECT
        o.site, o.dest, o.n, o.ref, o.start_ns, o.failed, o.publish_outcome, o.transactional,
        o.origin_destination, o.origin_partition, o.origin_offset, o.origin_group,
        coalesce(o.event_id, i.event_id) AS event_id, coalesce(o.message_hash, i.message_hash) AS message_hash, coalesce(o."offset", i."offset") AS "offset",
        CASE WHEN o."offset" IS NULL AND i."offset" IS NOT NULL THEN i.log ELSE o.log END AS log
    FROM operations AS o
    LEFT JOIN inside AS i ON i.outer_ref = o.ref
    WHERE NOT EXISTS (SELECT 1 FROM nested AS d WHERE d.inner_ref = o.ref)
),
judged AS (
    SELECT
        *,
        CASE WHEN publish_outcome IS NOT NULL THEN publish_outcome = 'acked'
             ELSE NOT failed AND ("offset" IS NOT NULL
                OR (site IN (SELECT site FROM latency_sites WHERE system IN ('aws_sqs', 'aws_sns', 'gcp_pubsub')) AND event_id IS NOT NULL)) END AS acked
    FROM whole
)
SELECT
    j.site, j.dest, j.ref, j.start_ns, j.message_hash, j.event_id, j.acked, j.origin_destination, j.origin_partition, j.origin_offset,
    j.origin_group,
    CASE WHEN j.acked AND j."offset" IS NOT NULL AND j.log IS NOT NULL THEN j.log ELSE -j.dest END AS log,
    CASE WHEN j.acked AND j."offset" IS NOT NULL AND j.log IS NOT NULL THEN j."offset" ELSE j.n END AS "offset",
    CASE WHEN j.transactional THEN coalesce(t.transaction_end, 'open') END AS ending
FROM judged AS j
LEFT JOIN latency_endings AS t ON t.ref = j.ref
