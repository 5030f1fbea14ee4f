-- One row: event_count, the raw events of one user
SELECT COUNT(*) AS event_count FROM raw_events WHERE occurred_at <= @until AND (user_id = @user_id OR (user_id IS NULL AND (JSON_VALUE(properties, '$.unit_id') IN (@user_id))))
