-- latency_ties: processings whose parent or link leads to one send to their destination, with the place of that send.
SELECT t.ref, min(s.ref) AS send_ref, min(s.log) AS log, min(s."offset") AS "offset"
FROM (
    SELECT ref, parent_ref AS send_ref, dest FROM latency_spans WHERE operation = 'process' AND parent_ref IS NOT NULL
    UNION
    SELECT t.ref, l.linked_trace_id || l.linked_span_id, t.dest
    FROM link_rows AS l
    JOIN latency_spans AS t ON t.operation = 'process' AND t.ref = l.trace_id || l.span_id
) AS t
JOIN latency_sends AS s ON s.ref = t.send_ref AND s.dest = t.dest
GROUP BY t.ref
HAVING count(DISTINCT s.ref) = 1
