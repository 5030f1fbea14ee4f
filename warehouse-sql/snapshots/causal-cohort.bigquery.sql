CREATE TABLE IF NOT EXISTS causal_cohort_0 AS
WITH repeated_trial_events AS (
-- One row per event whose id came more than once: event_id, occurred_at, log_partition, log_offset.
SELECT event_id, occurred_at, log_partition, log_offset
FROM raw_events
WHERE user_id IS NOT NULL
  AND occurred_at >= TIMESTAMP_ADD((@first_read), INTERVAL -259200000 MILLISECOND)
  AND occurred_at < TIMESTAMP_ADD((@as_of), INTERVAL 259200000 MILLISECOND)
  AND event_id IN (SELECT event_id FROM raw_events WHERE user_id IS NOT NULL
      AND occurred_at >= TIMESTAMP_ADD((@first_read), INTERVAL -259200000 MILLISECOND)
      AND occurred_at < TIMESTAMP_ADD((@as_of), INTERVAL 259200000 MILLISECOND) GROUP BY event_id HAVING COUNT(*) > 1)
),
copied_trial_events AS (
-- One row per copy, an event whose id came before it in the log: log_partition, log_offset, occurred_at.
SELECT DISTINCT later.log_partition, later.log_offset, later.occurred_at
FROM repeated_trial_events AS later
INNER JOIN repeated_trial_events AS earlier
  ON earlier.event_id = later.event_id
  AND earlier.occurred_at >= TIMESTAMP_ADD(later.occurred_at, INTERVAL -259200000 MILLISECOND)
  AND earlier.occurred_at <= TIMESTAMP_ADD(later.occurred_at, INTERVAL 259200000 MILLISECOND)
WHERE earlier.log_partition < later.log_partition
  OR (earlier.log_partition = later.log_partition AND earlier.log_offset < later.log_offset)
),
stg_trial_events AS (
-- One row per event of a user, the first in the log where an event id came twice.
SELECT
  user_id AS unit_id,
  event_type,
  occurred_at,
  properties,
  log_partition,
  log_offset
FROM (
  SELECT event.*
  FROM (
    SELECT *
    FROM raw_events
    WHERE user_id IS NOT NULL
      AND occurred_at >= @first_read
      AND occurred_at < @as_of
  ) AS event
  LEFT JOIN copied_trial_events AS copied
    ON copied.log_partition = event.log_partition AND copied.log_offset = event.log_offset
  WHERE copied.log_offset IS NULL
) AS first_copy
),
time_zeros AS (
-- One row per unit: unit_id, time_zero (its first eligible event), treated (1 where the treatment followed at once). Later treatments move nobody.
SELECT
  eligible.unit_id,
  eligible.occurred_at AS time_zero,
  MAX(CASE WHEN treatment.unit_id IS NULL THEN 0 ELSE 1 END) AS treated
FROM (
  SELECT unit_id, occurred_at,
    ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY occurred_at, log_partition, log_offset) AS place
  FROM stg_trial_events
  WHERE event_type = @population_event AND occurred_at >= @from_time AND occurred_at < @until_time
) AS eligible
LEFT JOIN stg_trial_events AS treatment
  ON treatment.unit_id = eligible.unit_id
  AND treatment.event_type = @treatment_event
  AND treatment.occurred_at >= eligible.occurred_at
  AND treatment.occurred_at < TIMESTAMP_ADD(eligible.occurred_at, INTERVAL 600000 MILLISECOND)
WHERE eligible.place = 1
GROUP BY eligible.unit_id, eligible.occurred_at
),
feature_0 AS (
-- One row per unit that has it: unit_id, value (region), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, JSON_VALUE(event.properties, '$.region') AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE JSON_VALUE(event.properties, '$.region') IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_1 AS (
-- One row per unit that has it: unit_id, value (city_tier), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, JSON_VALUE(event.properties, '$.city_tier') AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE JSON_VALUE(event.properties, '$.city_tier') IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_2 AS (
-- One row per unit that has it: unit_id, value (network_quality), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, JSON_VALUE(event.properties, '$.network_quality') AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE JSON_VALUE(event.properties, '$.network_quality') IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_3 AS (
-- One row per unit that has it: unit_id, value (device), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, JSON_VALUE(event.properties, '$.device') AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE JSON_VALUE(event.properties, '$.device') IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_4 AS (
-- One row per unit that has it: unit_id, value (app_version), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, JSON_VALUE(event.properties, '$.app_version') AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE JSON_VALUE(event.properties, '$.app_version') IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_5 AS (
-- One row per unit that has it: unit_id, value (language), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, JSON_VALUE(event.properties, '$.language') AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE JSON_VALUE(event.properties, '$.language') IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_6 AS (
-- One row per unit that has it: unit_id, value (account_age), as of its time zero.
SELECT unit.unit_id, CAST(UNIX_MILLIS(MIN(unit.time_zero)) - UNIX_MILLIS(MIN(event.occurred_at)) AS FLOAT64) / 86400000 AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE 1 = 1
GROUP BY unit.unit_id
),
feature_7 AS (
-- One row per unit that has it: unit_id, value (prior_spend_30d), as of its time zero.
SELECT all_units.unit_id, COALESCE(found.value, 0) AS value
FROM time_zeros AS all_units
LEFT JOIN (
SELECT unit.unit_id, CAST(SUM(IF(JSON_TYPE(JSON_QUERY(event.properties, '$.amount_paise')) = 'number', CAST(JSON_VALUE(event.properties, '$.amount_paise') AS FLOAT64), NULL)) AS FLOAT64) / 100 AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
  AND event.occurred_at >= TIMESTAMP_ADD(unit.time_zero, INTERVAL -2592000000 MILLISECOND)
WHERE event.event_type IN ('wallet_spent')
GROUP BY unit.unit_id
) AS found ON found.unit_id = all_units.unit_id
),
feature_8 AS (
-- One row per unit that has it: unit_id, value (prior_joins_30d), as of its time zero.
SELECT all_units.unit_id, COALESCE(found.value, 0) AS value
FROM time_zeros AS all_units
LEFT JOIN (
SELECT unit.unit_id, CAST(COUNT(*) AS FLOAT64) AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
  AND event.occurred_at >= TIMESTAMP_ADD(unit.time_zero, INTERVAL -2592000000 MILLISECOND)
WHERE event.event_type IN ('contest_joined')
GROUP BY unit.unit_id
) AS found ON found.unit_id = all_units.unit_id
),
feature_9 AS (
-- One row per unit that has it: unit_id, value (deposit_attempts_30d), as of its time zero.
SELECT all_units.unit_id, COALESCE(found.value, 0) AS value
FROM time_zeros AS all_units
LEFT JOIN (
SELECT unit.unit_id, CAST(COUNT(*) AS FLOAT64) AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
  AND event.occurred_at >= TIMESTAMP_ADD(unit.time_zero, INTERVAL -2592000000 MILLISECOND)
WHERE event.event_type IN ('deposit_attempted')
GROUP BY unit.unit_id
) AS found ON found.unit_id = all_units.unit_id
),
feature_10 AS (
-- One row per unit that has it: unit_id, value (deposit_success_rate_30d), as of its time zero.
SELECT unit.unit_id, CAST(SUM(CASE WHEN event.event_type IN ('deposit_succeeded') THEN 1 ELSE 0 END) AS FLOAT64) / COUNT(*) AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
  AND event.occurred_at >= TIMESTAMP_ADD(unit.time_zero, INTERVAL -2592000000 MILLISECOND)
WHERE event.event_type IN ('deposit_succeeded', 'deposit_failed')
GROUP BY unit.unit_id
),
feature_11 AS (
-- One row per unit that has it: unit_id, value (preferred_method), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit_id, value, ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY times DESC, value) AS place
FROM (
  SELECT unit.unit_id, JSON_VALUE(event.properties, '$.method') AS value, COUNT(*) AS times
  FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE event.event_type IN ('deposit_attempted', 'deposit_succeeded', 'deposit_failed') AND JSON_VALUE(event.properties, '$.method') IS NOT NULL
  GROUP BY 1, 2
) AS counted
) AS ranked
WHERE place = 1
),
unit_features AS (
-- One row per unit: unit_id, f_0, f_1, … as of its time zero.
SELECT unit.unit_id, feature_0.value AS f_0, feature_1.value AS f_1, feature_2.value AS f_2, feature_3.value AS f_3, feature_4.value AS f_4, feature_5.value AS f_5, feature_6.value AS f_6, feature_7.value AS f_7, feature_8.value AS f_8, feature_9.value AS f_9, feature_10.value AS f_10, feature_11.value AS f_11
FROM time_zeros AS unit
LEFT JOIN feature_0 ON feature_0.unit_id = unit.unit_id
LEFT JOIN feature_1 ON feature_1.unit_id = unit.unit_id
LEFT JOIN feature_2 ON feature_2.unit_id = unit.unit_id
LEFT JOIN feature_3 ON feature_3.unit_id = unit.unit_id
LEFT JOIN feature_4 ON feature_4.unit_id = unit.unit_id
LEFT JOIN feature_5 ON feature_5.unit_id = unit.unit_id
LEFT JOIN feature_6 ON feature_6.unit_id = unit.unit_id
LEFT JOIN feature_7 ON feature_7.unit_id = unit.unit_id
LEFT JOIN feature_8 ON feature_8.unit_id = unit.unit_id
LEFT JOIN feature_9 ON feature_9.unit_id = unit.unit_id
LEFT JOIN feature_10 ON feature_10.unit_id = unit.unit_id
LEFT JOIN feature_11 ON feature_11.unit_id = unit.unit_id
),
trial_outcomes AS (
-- One row per unit: unit_id, treated, is_complete (its window has closed), y_0 (outcome), y_1, … (negative controls), prior_outcome.
SELECT
  trial.unit_id, trial.treated,
  CASE WHEN TIMESTAMP_ADD(trial.time_zero, INTERVAL 604800000 MILLISECOND) <= @as_of THEN 1 ELSE 0 END AS is_complete,
  CAST(COALESCE(SUM(CASE WHEN event.occurred_at >= trial.time_zero AND event.occurred_at < TIMESTAMP_ADD(trial.time_zero, INTERVAL 604800000 MILLISECOND) AND event_type = @event_0 THEN COALESCE(IF(JSON_TYPE(JSON_QUERY(properties, '$.amount_paise')) = 'number', CAST(JSON_VALUE(properties, '$.amount_paise') AS FLOAT64), NULL), 0) END), 0) AS FLOAT64) AS y_0,
  CAST(COALESCE(SUM(CASE WHEN event.occurred_at >= trial.time_zero AND event.occurred_at < TIMESTAMP_ADD(trial.time_zero, INTERVAL 604800000 MILLISECOND) AND event_type = @event_1 THEN 1 END), 0) AS FLOAT64) AS y_1,
  CAST(COALESCE(MAX(CASE WHEN CASE WHEN event.occurred_at >= trial.time_zero AND event.occurred_at < TIMESTAMP_ADD(trial.time_zero, INTERVAL 604800000 MILLISECOND) AND event_type = @event_2 THEN 1 END IS NULL THEN 0 ELSE 1 END), 0) AS FLOAT64) AS y_2,
  CAST(COALESCE(SUM(CASE WHEN event.occurred_at < trial.time_zero AND event.occurred_at >= TIMESTAMP_ADD(trial.time_zero, INTERVAL -604800000 MILLISECOND) AND event_type = @event_0 THEN COALESCE(IF(JSON_TYPE(JSON_QUERY(properties, '$.amount_paise')) = 'number', CAST(JSON_VALUE(properties, '$.amount_paise') AS FLOAT64), NULL), 0) END), 0) AS FLOAT64) AS prior_outcome
FROM time_zeros AS trial
LEFT JOIN stg_trial_events AS event
  ON event.unit_id = trial.unit_id
  AND event.occurred_at >= TIMESTAMP_ADD(trial.time_zero, INTERVAL -604800000 MILLISECOND)
  AND event.occurred_at < TIMESTAMP_ADD(trial.time_zero, INTERVAL 604800000 MILLISECOND)
GROUP BY trial.unit_id, trial.treated, trial.time_zero
)
SELECT trial.unit_id, trial.treated, trial.is_complete, trial.y_0 AS outcome, trial.y_1 AS c_0, trial.y_2 AS c_1, trial.prior_outcome, unit_features.f_0, unit_features.f_1, unit_features.f_2, unit_features.f_3, unit_features.f_4, unit_features.f_5, unit_features.f_6, unit_features.f_7, unit_features.f_8, unit_features.f_9, unit_features.f_10, unit_features.f_11 FROM trial_outcomes AS trial
INNER JOIN unit_features ON unit_features.unit_id = trial.unit_id
