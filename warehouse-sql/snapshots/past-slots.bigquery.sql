WITH repeated_outcomes AS (
-- One row per event whose id came more than once: event_id, occurred_at, log_partition, log_offset.
SELECT event_id, occurred_at, log_partition, log_offset
FROM raw_events
WHERE event_type IN (@event_0)
  AND occurred_at >= TIMESTAMP_ADD((@began_from), INTERVAL -259200000 MILLISECOND)
  AND occurred_at < TIMESTAMP_ADD((@as_of), INTERVAL 259200000 MILLISECOND)
  AND event_id IN (SELECT event_id FROM raw_events WHERE event_type IN (@event_0)
      AND occurred_at >= TIMESTAMP_ADD((@began_from), INTERVAL -259200000 MILLISECOND)
      AND occurred_at < TIMESTAMP_ADD((@as_of), INTERVAL 259200000 MILLISECOND) GROUP BY event_id HAVING COUNT(*) > 1)
),
copied_outcomes AS (
-- One row per copy, an event whose id came before it in the log: log_partition, log_offset, occurred_at.
SELECT DISTINCT later.log_partition, later.log_offset, later.occurred_at
FROM repeated_outcomes AS later
INNER JOIN repeated_outcomes AS earlier
  ON earlier.event_id = later.event_id
  AND earlier.occurred_at >= TIMESTAMP_ADD(later.occurred_at, INTERVAL -259200000 MILLISECOND)
  AND earlier.occurred_at <= TIMESTAMP_ADD(later.occurred_at, INTERVAL 259200000 MILLISECOND)
WHERE earlier.log_partition < later.log_partition
  OR (earlier.log_partition = later.log_partition AND earlier.log_offset < later.log_offset)
),
stg_outcomes AS (
-- One row per event that a metric may count, the first in the log where an event id came twice:
-- event_type, user_id, anonymous_id, named_unit_id, occurred_at, value_0, value_1, …, denominator_0, … of quotients.
SELECT
  event_type,
  user_id,
  anonymous_id,
  JSON_VALUE(properties, '$.city') AS named_unit_id,
  occurred_at,
  CASE WHEN event_type = @event_0 THEN 1 END AS value_0
FROM (
  SELECT event.*
  FROM (
    SELECT *
    FROM raw_events
    WHERE event_type IN (@event_0)
      AND occurred_at >= @began_from
      AND occurred_at < @as_of
  ) AS event
  LEFT JOIN copied_outcomes AS copied
    ON copied.log_partition = event.log_partition AND copied.log_offset = event.log_offset
  WHERE copied.log_offset IS NULL
) AS first_copy
)
SELECT named_unit_id AS region, UNIX_MILLIS(occurred_at) - MOD(UNIX_MILLIS(occurred_at), @slot_ms) AS slot_ms, CAST(SUM(value_0) AS FLOAT64) AS total
FROM stg_outcomes
WHERE named_unit_id IS NOT NULL AND value_0 IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2
