SELECT event_type, COUNT(*) AS events FROM raw_events WHERE occurred_at >= $from_time AND occurred_at < $as_of GROUP BY event_type ORDER BY event_type
