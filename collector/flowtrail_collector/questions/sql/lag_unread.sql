-- lag_unread: the first record at or after each wanted position, as far as telemetry knows one, and since when any is
-- known to stand there. A delivery to another group proves a record as well as its send does.
--
-- `least` is the lowest wanted position: said once more for the scans, which can skip what lies below it.
-- In a compacted topic an earlier record may be gone: only the last of each key is sure to stand.
WITH kept AS (
    SELECT s.destination, s."partition", s.cluster_id, s.message_key, max(s."offset") AS "offset",
        arg_max(s.end_ns, s."offset") AS end_ns
    FROM lag_sends AS s
    WHERE s."offset" >= $least AND EXISTS (
        SELECT 1 FROM lag_wanted AS w
        WHERE w.compacted AND w.destination = s.destination AND w."partition" = s."partition"
    )
    GROUP BY s.destination, s."partition", s.cluster_id, s.message_key
    HAVING NOT coalesce(arg_max(coalesce(s.tombstone, FALSE), s."offset"), FALSE)
),
proofs AS (
    SELECT w.number, s."offset", s.end_ns, TRUE AS sent
    FROM lag_wanted AS w
    JOIN lag_sends AS s ON s.destination = w.destination AND s."partition" = w."partition" AND s."offset" >= w."position"
        AND (s.cluster_id IS NULL OR w.cluster_id IS NULL OR s.cluster_id = w.cluster_id)
    WHERE NOT w.compacted AND s."offset" >= $least
    UNION ALL
    SELECT w.number, k."offset", k.end_ns, TRUE
    FROM lag_wanted AS w
    JOIN kept AS k ON k.destination = w.destination AND k."partition" = w."partition" AND k."offset" >= w."position"
        AND (k.cluster_id IS NULL OR w.cluster_id IS NULL OR k.cluster_id = w.cluster_id)
    WHERE w.compacted
    UNION ALL
    SELECT w.number, greatest(h.first_offset, w."position"), h.start_ns, FALSE
    FROM lag_wanted AS w
    JOIN lag_handed AS h ON h.destination = w.destination AND h."partition" = w."partition"
        AND h.last_offset >= w."position"
        AND (h.cluster_id IS NULL OR w.cluster_id IS NULL OR h.cluster_id = w.cluster_id)
    WHERE NOT w.compacted AND h.last_offset >= $least
)
SELECT
    number,
    min("offset") FILTER (WHERE sent)              AS first_sent,
    arg_min(end_ns, "offset") FILTER (WHERE sent)  AS first_sent_ns,
    min(end_ns)                                    AS known_ns
FROM proofs
GROUP BY number
