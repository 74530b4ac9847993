-- told_sends: foreign sends that know neither offset nor message id, with the records that consumers' spans tie to
-- them.
-- empty unless: EXISTS (SELECT 1 FROM ties)
SELECT t.ref, t.log, t."offset", count(*) OVER (PARTITION BY t.ref) AS records_told
FROM ties AS t
JOIN publications AS p ON p.ref = t.ref
WHERE p."offset" IS NULL AND p.event_id IS NULL
