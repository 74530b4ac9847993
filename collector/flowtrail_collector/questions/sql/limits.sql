-- limits: from where on a finding is given. `storm`: events that one event caused; `loop`: how often one causal chain
-- passes the same place; `content_window_ms`: how far apart two events of equal content may be sent to be suspected.
SELECT CAST(100 AS BIGINT) AS storm, CAST(3 AS BIGINT) AS loop, CAST(60000 AS BIGINT) AS content_window_ms
