
SELECT epoch_ms(MIN(occurred_at)) AS first_ms, epoch_ms(MAX(occurred_at)) AS last_ms
FROM raw_events
