-- order_arrivals: first copies in the order of their arrival, in the three scopes of `report order` side by side: what
-- RFC 4737 counts on. A line (who, epoch, seq) is what order is judged within: one producer instance's sends to a partition, or
-- one member's sequence of reading it. One row per arrival.
--
-- sequence    its send number (log), or its offset (delivery, completion); `furthest` the largest that arrived before
-- arrived_ord what the arrivals are ordered by: the offset (log), or the instance's own order
-- dark        its producer may have sent something that we did not see
-- skipped     a discontinuity: how many numbers were left out between `furthest` and this one
--
-- A producer counts its sends per destination. Numbers that it is known to have sent to another partition, to one that is
-- not known, or inside an aborted transaction are no gap in this one. A send to it that stands nowhere is one, and a number
-- that nobody tells of may be one in each partition.
WITH told AS (
    SELECT who, producer_epoch, destination, producer_seq AS s
    FROM publications
    WHERE producer_seq IS NOT NULL AND producer_epoch IS NOT NULL
    GROUP BY who, producer_epoch, destination, producer_seq
),
counted AS (
    SELECT *, row_number() OVER (PARTITION BY who, producer_epoch, destination ORDER BY s) AS nth FROM told
),
homes AS (
    SELECT who, producer_epoch, destination, log, s FROM order_log
    UNION
    SELECT who, producer_epoch, destination, log, producer_seq
    FROM publications
    WHERE producer_seq IS NOT NULL AND producer_epoch IS NOT NULL AND "partition" IS NOT NULL AND "offset" IS NULL
),
own AS (
    -- The number without those that went elsewhere.
    SELECT
        h.who, h.producer_epoch, h.log, h.s,
        h.s - c.nth + row_number() OVER (PARTITION BY h.who, h.producer_epoch, h.log ORDER BY h.s) AS own
    FROM homes AS h
    JOIN counted AS c ON c.who = h.who AND c.producer_epoch = h.producer_epoch AND c.destination = h.destination
        AND c.s = h.s
),
sends AS (
    SELECT
        o.*, w.own,
        max(w.own) OVER (
            PARTITION BY o.who, o.producer_epoch, o.log ORDER BY o.arrival ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS own_furthest
    FROM order_log AS o
    JOIN own AS w ON w.who = o.who AND w.producer_epoch = o.producer_epoch AND w.log = o.log AND w.s = o.s
)
SELECT
    'log' AS scope, system, destination, "partition", producer AS party, log, who, producer_epoch AS epoch, 0 AS seq,
    arrival AS "offset", s AS sequence, furthest, arrival AS arrived_ord, arrival_ns, dark,
    CASE WHEN own > own_furthest + 1 THEN own - own_furthest - 1 ELSE 0 END AS skipped
FROM sends
UNION ALL
SELECT
    'delivery', system, destination, "partition", grp, log, who, NULL, seq,
    "offset", "offset", furthest, handed_end_ord, handed_ns, FALSE,
    CASE WHEN "offset" > furthest + 1 THEN "offset" - furthest - 1 ELSE 0 END
FROM order_delivery
UNION ALL
SELECT
    'completion', system, destination, "partition", grp, log, who, NULL, seq,
    "offset", "offset", furthest, first_end_ord, first_end_ns, FALSE,
    CASE WHEN "offset" > furthest + 1 THEN "offset" - furthest - 1 ELSE 0 END
FROM order_completion
