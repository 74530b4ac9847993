-- latency_ties: processings whose parent, or else whose links, lead to one send to their destination: the record that is
-- processed (`at_log`, `at_offset`; a span that names none goes by its `ref`), and the place of that send.
SELECT CASE WHEN p."offset" IS NULL THEN p.ref END AS ref, p.log AS at_log, p."offset" AS at_offset, s.log, s."offset"
FROM latency_spans AS p
JOIN latency_sends AS s ON s.ref = p.parent_ref AND s.dest = p.dest
WHERE p.operation = 'process'
UNION ALL
SELECT CASE WHEN min(t."offset") IS NULL THEN t.ref END, min(t.log), min(t."offset"), min(s.log), min(s."offset")
FROM link_rows AS l
JOIN latency_sends AS s ON s.ref = l.linked_trace_id || l.linked_span_id
JOIN latency_spans AS t ON t.operation = 'process' AND t.ref = l.trace_id || l.span_id AND t.dest = s.dest
WHERE NOT EXISTS (SELECT 1 FROM latency_sends AS o WHERE o.ref = t.parent_ref AND o.dest = t.dest)
GROUP BY t.ref
HAVING min(s.ref) = max(s.ref)
