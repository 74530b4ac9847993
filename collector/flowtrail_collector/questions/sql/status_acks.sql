-- status_acks: the services whose sends tell where the record stands, or that it was refused.
SELECT DISTINCT service
FROM span_rows
WHERE operation = 'send' AND (publish_outcome IS NOT NULL OR "offset" IS NOT NULL)
