WITH stg_links AS (
-- One row per linked user: user_id, device_id.
SELECT
  CASE json_type(properties, '$.user_id') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.user_id') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.user_id') END AS user_id,
  MIN(CASE json_type(properties, '$.device_id') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.device_id') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.device_id') END) AS device_id
FROM raw_events
WHERE event_type = 'identity_linked'
GROUP BY 1
),
stg_exposures AS (
-- One row per unit with an event in the time: unit_id, variant (all), reason, occurred_at of its first, segments (NULL), log_partition, log_offset.
SELECT
  unit_id, 'all' AS variant, 'REASON_SPLIT' AS reason, MIN(occurred_at) AS occurred_at,
  CAST(NULL AS STRING) AS segments, 0 AS log_partition, 0 AS log_offset
FROM (
  SELECT COALESCE(link.device_id, outcome.user_id, outcome.anonymous_id) AS unit_id, outcome.occurred_at
  FROM (
    SELECT user_id, anonymous_id, CAST(NULL AS STRING) AS named_unit_id, occurred_at
    FROM raw_events
    WHERE event_type <> 'identity_linked'
      AND occurred_at >= $began_from
      AND occurred_at < $as_of
  ) AS outcome
  LEFT JOIN stg_links AS link ON link.user_id = outcome.user_id
) AS began
WHERE unit_id IS NOT NULL
GROUP BY unit_id
),
int_first_exposures AS (
-- One row per unit: unit_id, variant, first_exposed_at, segments (JSON), all of its first exposure by a random split;
-- is_crossed: it met more than one variant.
SELECT
  unit_id, variant, occurred_at AS first_exposed_at, segments,
  MIN(variant) OVER (PARTITION BY unit_id) <> MAX(variant) OVER (PARTITION BY unit_id) AS is_crossed
FROM stg_exposures
WHERE reason = 'REASON_SPLIT' AND unit_id IS NOT NULL AND variant IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY occurred_at, log_partition, log_offset) = 1
),
repeated_outcomes AS (
-- One row per event whose id came more than once: event_id, occurred_at, log_partition, log_offset.
SELECT event_id, occurred_at, log_partition, log_offset
FROM raw_events
WHERE event_type IN ($event_22, $event_7, $event_21)
  AND occurred_at >= ((SELECT MIN(first_exposed_at) + to_milliseconds(-1209600000) FROM int_first_exposures)) + to_milliseconds(-259200000)
  AND occurred_at < ($as_of) + to_milliseconds(259200000)
  AND hash(event_id) IN (SELECT fingerprint FROM (SELECT hash(event_id) AS fingerprint FROM raw_events WHERE event_type IN ($event_22, $event_7, $event_21)
      AND occurred_at >= ((SELECT MIN(first_exposed_at) + to_milliseconds(-1209600000) FROM int_first_exposures)) + to_milliseconds(-259200000)
      AND occurred_at < ($as_of) + to_milliseconds(259200000)) AS fingerprints GROUP BY fingerprint HAVING COUNT(*) > 1)
),
copied_outcomes AS (
-- One row per copy, an event whose id came before it in the log: log_partition, log_offset, occurred_at.
SELECT DISTINCT later.log_partition, later.log_offset, later.occurred_at
FROM repeated_outcomes AS later
INNER JOIN repeated_outcomes AS earlier
  ON earlier.event_id = later.event_id
  AND earlier.occurred_at >= later.occurred_at + to_milliseconds(-259200000)
  AND earlier.occurred_at <= later.occurred_at + to_milliseconds(259200000)
WHERE earlier.log_partition < later.log_partition
  OR (earlier.log_partition = later.log_partition AND earlier.log_offset < later.log_offset)
),
stg_outcomes AS (
-- One row per event that a metric may count, the first in the log where an event id came twice:
-- event_type, user_id, anonymous_id, named_unit_id, occurred_at, value_0, value_1, …, denominator_0, … of quotients.
SELECT
  log_partition,
  log_offset,
  event_type,
  user_id,
  anonymous_id,
  CAST(NULL AS STRING) AS named_unit_id,
  occurred_at,
  CASE WHEN event_type = $event_0 THEN 1 END AS value_0,
  CASE WHEN event_type = $event_1 THEN 1 END AS value_1,
  CASE WHEN event_type = $event_2 THEN COALESCE(TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE), 0) END AS value_2,
  CASE WHEN event_type = $event_3 THEN 1 END AS value_3,
  CASE WHEN event_type = $event_4 THEN CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END END AS value_4,
  CASE WHEN event_type = $event_5 THEN TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE) END AS value_5,
  CASE WHEN event_type = $denominator_event_5 THEN CASE WHEN TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE) IS NOT NULL THEN 1 END END AS denominator_5,
  CASE WHEN event_type = $event_6 THEN TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE) END AS value_6,
  CASE WHEN event_type = $event_7 THEN 1 END AS step_7_0,
  CASE WHEN event_type = $event_7_step_1 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) = $where_7_step_1_0 THEN 1 END AS step_7_1,
  CASE WHEN event_type = $event_7_step_2 THEN 1 END AS step_7_2,
  CASE WHEN event_type = $event_8 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) = $where_8_0 THEN COALESCE(TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE), 0) END AS value_8,
  CASE WHEN event_type = $denominator_event_8 AND (CASE WHEN json_type(properties, '$.is_free') = 'BOOLEAN' THEN CAST(json_extract(properties, '$.is_free') AS BOOLEAN) END) = $denominator_where_8_0 THEN COALESCE(TRY_CAST(CAST(json_extract(properties, '$.entries') AS VARCHAR) AS DOUBLE), 0) END AS denominator_8,
  CASE WHEN event_type = $event_9 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) = $where_9_0 THEN 1 END AS value_9,
  CASE WHEN event_type = $event_10 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) <> $where_10_0, TRUE)) THEN 1 END AS value_10,
  CASE WHEN event_type = $event_11 AND (TRY_CAST(CAST(json_extract(properties, '$.method') AS VARCHAR) AS DOUBLE)) = $where_11_0 THEN 1 END AS value_11,
  CASE WHEN event_type = $event_12 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((TRY_CAST(CAST(json_extract(properties, '$.method') AS VARCHAR) AS DOUBLE)) <> $where_12_0, TRUE)) THEN 1 END AS value_12,
  CASE WHEN event_type = $event_13 AND (TRY_CAST(CAST(json_extract(properties, '$.method') AS VARCHAR) AS DOUBLE)) = $where_13_0 THEN 1 END AS value_13,
  CASE WHEN event_type = $event_14 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((TRY_CAST(CAST(json_extract(properties, '$.method') AS VARCHAR) AS DOUBLE)) <> $where_14_0, TRUE)) THEN 1 END AS value_14,
  CASE WHEN event_type = $event_15 AND (CASE WHEN json_type(properties, '$.method') = 'BOOLEAN' THEN CAST(json_extract(properties, '$.method') AS BOOLEAN) END) = $where_15_0 THEN 1 END AS value_15,
  CASE WHEN event_type = $event_16 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((CASE WHEN json_type(properties, '$.method') = 'BOOLEAN' THEN CAST(json_extract(properties, '$.method') AS BOOLEAN) END) <> $where_16_0, TRUE)) THEN 1 END AS value_16,
  CASE WHEN event_type = $event_17 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) = $where_17_0 THEN 1 END AS value_17,
  CASE WHEN event_type = $event_18 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) <> $where_18_0, TRUE)) THEN 1 END AS value_18,
  CASE WHEN event_type = $event_19 AND (TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE)) > $where_19_0 THEN 1 END AS value_19,
  CASE WHEN event_type = $event_20 AND (TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE)) < $where_20_0 THEN 1 END AS value_20,
  CASE WHEN event_type = $event_21 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) = $where_21_0 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) <> $where_21_1, TRUE)) AND (TRY_CAST(CAST(json_extract(properties, '$.method') AS VARCHAR) AS DOUBLE)) = $where_21_2 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((TRY_CAST(CAST(json_extract(properties, '$.method') AS VARCHAR) AS DOUBLE)) <> $where_21_3, TRUE)) AND (TRY_CAST(CAST(json_extract(properties, '$.method') AS VARCHAR) AS DOUBLE)) = $where_21_4 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((TRY_CAST(CAST(json_extract(properties, '$.method') AS VARCHAR) AS DOUBLE)) <> $where_21_5, TRUE)) AND (CASE WHEN json_type(properties, '$.method') = 'BOOLEAN' THEN CAST(json_extract(properties, '$.method') AS BOOLEAN) END) = $where_21_6 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((CASE WHEN json_type(properties, '$.method') = 'BOOLEAN' THEN CAST(json_extract(properties, '$.method') AS BOOLEAN) END) <> $where_21_7, TRUE)) AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) = $where_21_8 AND (CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END IS NOT NULL AND COALESCE((CASE json_type(properties, '$.method') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.method') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.method') END) <> $where_21_9, TRUE)) AND (TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE)) > $where_21_10 AND (TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE)) < $where_21_11 THEN 1 END AS value_21,
  CASE WHEN event_type = $event_22 THEN COALESCE(TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE), 0) END AS value_22
FROM (
  SELECT event.*
  FROM (
    SELECT *
    FROM raw_events
    WHERE event_type IN ($event_22, $event_7, $event_21)
      AND occurred_at >= (SELECT MIN(first_exposed_at) + to_milliseconds(-1209600000) FROM int_first_exposures)
      AND occurred_at < $as_of
  ) AS event
  LEFT JOIN copied_outcomes AS copied
    ON copied.log_partition = event.log_partition AND copied.log_offset = event.log_offset
  WHERE copied.log_offset IS NULL
) AS first_copy
),
int_unit_outcomes AS (
-- One row per outcome event: unit_id (NULL where it names no unit of this kind), occurred_at, value_0, value_1, …
SELECT COALESCE(link.device_id, outcome.user_id, outcome.anonymous_id) AS unit_id, outcome.*
FROM stg_outcomes AS outcome
LEFT JOIN stg_links AS link ON link.user_id = outcome.user_id
),
funnel_7 AS (
-- One row per unit with any step: y, whether it reached the last one; d, whether it reached the step that the conversion begins at.
SELECT unit_id, MAX(CASE WHEN reached_2 IS NOT NULL THEN 1 ELSE 0 END) AS y, MAX(CASE WHEN reached_1 IS NOT NULL THEN 1 ELSE 0 END) AS d
FROM (
SELECT *, MIN(CASE WHEN step_7_2 IS NOT NULL AND place > reached_1 THEN place END) OVER (PARTITION BY unit_id) AS reached_2
FROM (
SELECT *, MIN(CASE WHEN step_7_1 IS NOT NULL AND place > reached_0 THEN place END) OVER (PARTITION BY unit_id) AS reached_1
FROM (
SELECT *, MIN(CASE WHEN step_7_0 IS NOT NULL THEN place END) OVER (PARTITION BY unit_id) AS reached_0
FROM (
  SELECT exposure.unit_id, (CAST(epoch_us(outcome.occurred_at) AS HUGEINT) * 1048576 + outcome.log_partition) * 8796093022208 + outcome.log_offset AS place, outcome.step_7_0, outcome.step_7_1, outcome.step_7_2
  FROM int_first_exposures AS exposure
  INNER JOIN int_unit_outcomes AS outcome
    ON outcome.unit_id = exposure.unit_id
    AND outcome.occurred_at >= exposure.first_exposed_at
    AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000)
  WHERE outcome.step_7_0 IS NOT NULL OR outcome.step_7_1 IS NOT NULL OR outcome.step_7_2 IS NOT NULL
) AS until_step_0
) AS until_step_1
) AS until_step_2
) AS steps
GROUP BY unit_id
),
quantile_events_6 AS (
-- One row per event of a unit whose window has closed: variant, unit_id, value, its place among those of the variant, and how many there are.
SELECT
  exposure.variant, exposure.unit_id, outcome.value_6 AS value,
  ROW_NUMBER() OVER (PARTITION BY exposure.variant ORDER BY outcome.value_6) AS place,
  COUNT(*) OVER (PARTITION BY exposure.variant) AS event_count
FROM int_first_exposures AS exposure
INNER JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = exposure.unit_id
  AND outcome.occurred_at >= exposure.first_exposed_at
  AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000)
WHERE exposure.first_exposed_at + to_milliseconds(172800000) <= $as_of AND outcome.value_6 IS NOT NULL
),
quantile_at_6 AS (
-- One row per variant: the quantile, and how many events the variant has.
SELECT variant, MIN(value) AS quantile, MAX(event_count) AS event_count
FROM quantile_events_6
WHERE place >= 0.9 * event_count
GROUP BY variant
),
quantile_shares_6 AS (
-- One row per variant: units with events, and the standard error of the share of events at or below the quantile, clustered by unit.
SELECT
  variant,
  COUNT(*) AS units,
  MAX(quantile) AS quantile,
  MAX(event_count) AS event_count,
  SQRT(SUM((below - ratio * events) * (below - ratio * events)) / (COUNT(*) - 1) / COUNT(*)) / AVG(events) AS share_error
FROM (
  SELECT
    by_unit.*,
    SUM(below) OVER (PARTITION BY variant) / SUM(events) OVER (PARTITION BY variant) AS ratio
  FROM (
    SELECT
      event.variant, event.unit_id, MAX(found.quantile) AS quantile, MAX(found.event_count) AS event_count,
      CAST(SUM(CASE WHEN event.value <= found.quantile THEN 1 ELSE 0 END) AS DOUBLE) AS below,
      CAST(COUNT(*) AS DOUBLE) AS events
    FROM quantile_events_6 AS event
    INNER JOIN quantile_at_6 AS found ON found.variant = event.variant
    GROUP BY event.variant, event.unit_id
  ) AS by_unit
) AS with_ratio
GROUP BY variant
HAVING COUNT(*) > 1
),
quantile_6 AS (
-- One row per variant with enough events: units, quantile, and its standard error.
SELECT variant, units, quantile, (upper_value - lower_value) / 2 AS standard_error
FROM (
  SELECT
    around.variant, MAX(around.units) AS units, MAX(around.quantile) AS quantile,
    MIN(CASE WHEN event.place >= (0.9 - around.share_error) * around.event_count THEN event.value END) AS lower_value,
    MIN(CASE WHEN event.place >= (0.9 + around.share_error) * around.event_count THEN event.value END) AS upper_value
  FROM quantile_shares_6 AS around
  INNER JOIN quantile_events_6 AS event ON event.variant = around.variant
  WHERE around.share_error > 0 AND around.share_error < 0.9 AND around.share_error < 1 - 0.9
  GROUP BY around.variant
) AS around_quantile
WHERE upper_value > lower_value
),
unit_metrics AS (
-- One row per unit: unit_id, variant, first_exposed_at, and for each metric y_0 (in its window) and x_0 (before the first exposure; 0
-- without a covariate), y_1, x_1, …; d_0, … (in the window) of quotients; segment_0, … where asked for.
SELECT
  exposure.unit_id,
  exposure.variant,
  exposure.first_exposed_at,
  CAST(COALESCE(MAX(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_0 END), 0) AS DOUBLE) AS y_0,
  CAST(COALESCE(MAX(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_0 END), 0) AS DOUBLE) AS x_0,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(86400000) THEN outcome.value_1 END), 0) AS DOUBLE) AS y_1,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_1 END), 0) AS DOUBLE) AS x_1,
  CAST(LEAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_2 END), 0), 5000) AS DOUBLE) AS y_2,
  CAST(LEAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_2 END), 0), 5000) AS DOUBLE) AS x_2,
  CAST(COALESCE(MAX(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(86400000) AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_3 END), 0) AS DOUBLE) AS y_3,
  CAST(COALESCE(MAX(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_3 END), 0) AS DOUBLE) AS x_3,
  CAST(COUNT(DISTINCT CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_4 END) AS DOUBLE) AS y_4,
  CAST(COUNT(DISTINCT CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_4 END) AS DOUBLE) AS x_4,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_5 END), 0) AS DOUBLE) AS y_5,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_5 END), 0) AS DOUBLE) AS x_5,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.denominator_5 END), 0) AS DOUBLE) AS d_5,
  CAST(0 AS DOUBLE) AS y_6,
  CAST(0 AS DOUBLE) AS x_6,
  CAST(COALESCE(MAX(funnel_7.y), 0) AS DOUBLE) AS y_7,
  CAST(0 AS DOUBLE) AS x_7,
  CAST(COALESCE(MAX(funnel_7.d), 0) AS DOUBLE) AS d_7,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_8 END), 0) AS DOUBLE) AS y_8,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(-86400000) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_8 END), 0) AS DOUBLE) AS x_8,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.denominator_8 END), 0) AS DOUBLE) AS d_8,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_9 END), 0) AS DOUBLE) AS y_9,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_9 END), 0) AS DOUBLE) AS x_9,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_10 END), 0) AS DOUBLE) AS y_10,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_10 END), 0) AS DOUBLE) AS x_10,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_11 END), 0) AS DOUBLE) AS y_11,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_11 END), 0) AS DOUBLE) AS x_11,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_12 END), 0) AS DOUBLE) AS y_12,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_12 END), 0) AS DOUBLE) AS x_12,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_13 END), 0) AS DOUBLE) AS y_13,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_13 END), 0) AS DOUBLE) AS x_13,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_14 END), 0) AS DOUBLE) AS y_14,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_14 END), 0) AS DOUBLE) AS x_14,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_15 END), 0) AS DOUBLE) AS y_15,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_15 END), 0) AS DOUBLE) AS x_15,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_16 END), 0) AS DOUBLE) AS y_16,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_16 END), 0) AS DOUBLE) AS x_16,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_17 END), 0) AS DOUBLE) AS y_17,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_17 END), 0) AS DOUBLE) AS x_17,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_18 END), 0) AS DOUBLE) AS y_18,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_18 END), 0) AS DOUBLE) AS x_18,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_19 END), 0) AS DOUBLE) AS y_19,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_19 END), 0) AS DOUBLE) AS x_19,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_20 END), 0) AS DOUBLE) AS y_20,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_20 END), 0) AS DOUBLE) AS x_20,
  CAST(COALESCE(MAX(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(2592000000) THEN outcome.value_21 END), 0) AS DOUBLE) AS y_21,
  CAST(COALESCE(MAX(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_21 END), 0) AS DOUBLE) AS x_21,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(1) THEN outcome.value_22 END), 0) AS DOUBLE) AS y_22,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(-1209600000) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_22 END), 0) AS DOUBLE) AS x_22
FROM int_first_exposures AS exposure
LEFT JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = exposure.unit_id
  AND outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(-1209600000)
  AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(2592000000)
LEFT JOIN funnel_7 ON funnel_7.unit_id = exposure.unit_id
GROUP BY exposure.unit_id, exposure.variant, exposure.first_exposed_at
)
SELECT
  CAST(CONCAT('0x', left(md5(unit_id), 13)) AS BIGINT) AS unit_key,
  epoch_ms(first_exposed_at) AS began_ms,
  y_0,
  x_0,
  y_1,
  x_1,
  y_2,
  x_2,
  y_3,
  x_3,
  y_4,
  x_4,
  y_5,
  x_5,
  d_5,
  y_6,
  x_6,
  y_7,
  x_7,
  d_7,
  y_8,
  x_8,
  d_8,
  y_9,
  x_9,
  y_10,
  x_10,
  y_11,
  x_11,
  y_12,
  x_12,
  y_13,
  x_13,
  y_14,
  x_14,
  y_15,
  x_15,
  y_16,
  x_16,
  y_17,
  x_17,
  y_18,
  x_18,
  y_19,
  x_19,
  y_20,
  x_20,
  y_21,
  x_21,
  y_22,
  x_22
FROM unit_metrics
ORDER BY began_ms, unit_key
