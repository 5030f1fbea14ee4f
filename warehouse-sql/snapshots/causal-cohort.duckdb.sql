CREATE TABLE IF NOT EXISTS causal_cohort_0 AS
WITH repeated_trial_events AS (
-- One row per event whose id came more than once: event_id, occurred_at, log_partition, log_offset.
SELECT event_id, occurred_at, log_partition, log_offset
FROM raw_events
WHERE user_id IS NOT NULL
  AND occurred_at >= ($first_read) + to_milliseconds(-259200000)
  AND occurred_at < ($as_of) + to_milliseconds(259200000)
  AND hash(event_id) IN (SELECT fingerprint FROM (SELECT hash(event_id) AS fingerprint FROM raw_events WHERE user_id IS NOT NULL
      AND occurred_at >= ($first_read) + to_milliseconds(-259200000)
      AND occurred_at < ($as_of) + to_milliseconds(259200000)) AS fingerprints GROUP BY fingerprint HAVING COUNT(*) > 1)
),
copied_trial_events AS (
-- One row per copy, an event whose id came before it in the log: log_partition, log_offset, occurred_at.
SELECT DISTINCT later.log_partition, later.log_offset, later.occurred_at
FROM repeated_trial_events AS later
INNER JOIN repeated_trial_events AS earlier
  ON earlier.event_id = later.event_id
  AND earlier.occurred_at >= later.occurred_at + to_milliseconds(-259200000)
  AND earlier.occurred_at <= later.occurred_at + to_milliseconds(259200000)
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
      AND occurred_at >= $first_read
      AND occurred_at < $as_of
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
  WHERE event_type = $population_event AND occurred_at >= $from_time AND occurred_at < $until_time
) AS eligible
LEFT JOIN stg_trial_events AS treatment
  ON treatment.unit_id = eligible.unit_id
  AND treatment.event_type = $treatment_event
  AND treatment.occurred_at >= eligible.occurred_at
  AND treatment.occurred_at < eligible.occurred_at + to_milliseconds(600000)
WHERE eligible.place = 1
GROUP BY eligible.unit_id, eligible.occurred_at
),
feature_0 AS (
-- One row per unit that has it: unit_id, value (region), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, CASE json_type(event.properties, '$.region') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.region') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.region') END AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE CASE json_type(event.properties, '$.region') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.region') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.region') END IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_1 AS (
-- One row per unit that has it: unit_id, value (city_tier), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, CASE json_type(event.properties, '$.city_tier') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.city_tier') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.city_tier') END AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE CASE json_type(event.properties, '$.city_tier') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.city_tier') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.city_tier') END IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_2 AS (
-- One row per unit that has it: unit_id, value (network_quality), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, CASE json_type(event.properties, '$.network_quality') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.network_quality') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.network_quality') END AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE CASE json_type(event.properties, '$.network_quality') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.network_quality') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.network_quality') END IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_3 AS (
-- One row per unit that has it: unit_id, value (device), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, CASE json_type(event.properties, '$.device') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.device') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.device') END AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE CASE json_type(event.properties, '$.device') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.device') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.device') END IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_4 AS (
-- One row per unit that has it: unit_id, value (app_version), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, CASE json_type(event.properties, '$.app_version') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.app_version') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.app_version') END AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE CASE json_type(event.properties, '$.app_version') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.app_version') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.app_version') END IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_5 AS (
-- One row per unit that has it: unit_id, value (language), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit.unit_id, CASE json_type(event.properties, '$.language') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.language') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.language') END AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE CASE json_type(event.properties, '$.language') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.language') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.language') END IS NOT NULL
) AS ranked
WHERE place = 1
),
feature_6 AS (
-- One row per unit that has it: unit_id, value (account_age), as of its time zero.
SELECT unit.unit_id, CAST(epoch_ms(MIN(unit.time_zero)) - epoch_ms(MIN(event.occurred_at)) AS DOUBLE) / 86400000 AS value
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
SELECT unit.unit_id, CAST(SUM(TRY_CAST(CAST(json_extract(event.properties, '$.amount_paise') AS VARCHAR) AS DOUBLE)) AS DOUBLE) / 100 AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
  AND event.occurred_at >= unit.time_zero + to_milliseconds(-2592000000)
WHERE event.event_type IN ('wallet_spent')
GROUP BY unit.unit_id
) AS found ON found.unit_id = all_units.unit_id
),
feature_8 AS (
-- One row per unit that has it: unit_id, value (prior_joins_30d), as of its time zero.
SELECT all_units.unit_id, COALESCE(found.value, 0) AS value
FROM time_zeros AS all_units
LEFT JOIN (
SELECT unit.unit_id, CAST(COUNT(*) AS DOUBLE) AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
  AND event.occurred_at >= unit.time_zero + to_milliseconds(-2592000000)
WHERE event.event_type IN ('contest_joined')
GROUP BY unit.unit_id
) AS found ON found.unit_id = all_units.unit_id
),
feature_9 AS (
-- One row per unit that has it: unit_id, value (deposit_attempts_30d), as of its time zero.
SELECT all_units.unit_id, COALESCE(found.value, 0) AS value
FROM time_zeros AS all_units
LEFT JOIN (
SELECT unit.unit_id, CAST(COUNT(*) AS DOUBLE) AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
  AND event.occurred_at >= unit.time_zero + to_milliseconds(-2592000000)
WHERE event.event_type IN ('deposit_attempted')
GROUP BY unit.unit_id
) AS found ON found.unit_id = all_units.unit_id
),
feature_10 AS (
-- One row per unit that has it: unit_id, value (deposit_success_rate_30d), as of its time zero.
SELECT unit.unit_id, CAST(SUM(CASE WHEN event.event_type IN ('deposit_succeeded') THEN 1 ELSE 0 END) AS DOUBLE) / COUNT(*) AS value
FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
  AND event.occurred_at >= unit.time_zero + to_milliseconds(-2592000000)
WHERE event.event_type IN ('deposit_succeeded', 'deposit_failed')
GROUP BY unit.unit_id
),
feature_11 AS (
-- One row per unit that has it: unit_id, value (preferred_method), as of its time zero.
SELECT unit_id, value
FROM (
SELECT unit_id, value, ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY times DESC, value) AS place
FROM (
  SELECT unit.unit_id, CASE json_type(event.properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.method') END AS value, COUNT(*) AS times
  FROM time_zeros AS unit
INNER JOIN stg_trial_events AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero
WHERE event.event_type IN ('deposit_attempted', 'deposit_succeeded', 'deposit_failed') AND CASE json_type(event.properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(event.properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(event.properties, '$.method') END IS NOT NULL
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
  CASE WHEN trial.time_zero + to_milliseconds(604800000) <= $as_of THEN 1 ELSE 0 END AS is_complete,
  CAST(COALESCE(SUM(CASE WHEN event.occurred_at >= trial.time_zero AND event.occurred_at < trial.time_zero + to_milliseconds(604800000) AND event_type = $event_0 THEN COALESCE(TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE), 0) END), 0) AS DOUBLE) AS y_0,
  CAST(COALESCE(SUM(CASE WHEN event.occurred_at >= trial.time_zero AND event.occurred_at < trial.time_zero + to_milliseconds(604800000) AND event_type = $event_1 THEN 1 END), 0) AS DOUBLE) AS y_1,
  CAST(COALESCE(MAX(CASE WHEN CASE WHEN event.occurred_at >= trial.time_zero AND event.occurred_at < trial.time_zero + to_milliseconds(604800000) AND event_type = $event_2 THEN 1 END IS NULL THEN 0 ELSE 1 END), 0) AS DOUBLE) AS y_2,
  CAST(COALESCE(SUM(CASE WHEN event.occurred_at < trial.time_zero AND event.occurred_at >= trial.time_zero + to_milliseconds(-604800000) AND event_type = $event_0 THEN COALESCE(TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE), 0) END), 0) AS DOUBLE) AS prior_outcome
FROM time_zeros AS trial
LEFT JOIN stg_trial_events AS event
  ON event.unit_id = trial.unit_id
  AND event.occurred_at >= trial.time_zero + to_milliseconds(-604800000)
  AND event.occurred_at < trial.time_zero + to_milliseconds(604800000)
GROUP BY trial.unit_id, trial.treated, trial.time_zero
)
SELECT trial.unit_id, trial.treated, trial.is_complete, trial.y_0 AS outcome, trial.y_1 AS c_0, trial.y_2 AS c_1, trial.prior_outcome, unit_features.f_0, unit_features.f_1, unit_features.f_2, unit_features.f_3, unit_features.f_4, unit_features.f_5, unit_features.f_6, unit_features.f_7, unit_features.f_8, unit_features.f_9, unit_features.f_10, unit_features.f_11 FROM trial_outcomes AS trial
INNER JOIN unit_features ON unit_features.unit_id = trial.unit_id
