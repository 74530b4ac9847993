-- limits: the numbers that findings go by, declared or else the defaults. One row.
--
-- storm              how many events one may cause, directly and transitively
-- loop               how often a causal chain may pass the same service, destination and event type
-- content_window_ms  within how many milliseconds equal content under different ids is suspected to be a duplicate
SELECT
    coalesce(max(CASE WHEN name = 'storm' THEN amount END), 100)            AS storm,
    coalesce(max(CASE WHEN name = 'loop' THEN amount END), 3)               AS loop,
    coalesce(max(CASE WHEN name = 'content-window' THEN amount END), 60000) AS content_window_ms
FROM declared
WHERE kind = 'limit'
