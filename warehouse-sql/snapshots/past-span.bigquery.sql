
SELECT UNIX_MILLIS(MIN(occurred_at)) AS first_ms, UNIX_MILLIS(MAX(occurred_at)) AS last_ms
FROM raw_events
