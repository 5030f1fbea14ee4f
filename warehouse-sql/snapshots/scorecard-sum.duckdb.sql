WITH stg_exposures AS (
-- One row per exposure event of one epoch: unit_id, variant, reason, occurred_at, segments (JSON), log_partition, log_offset.
SELECT
  CASE json_type(properties, '$.unit_id') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.unit_id') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.unit_id') END AS unit_id,
  variant,
  CASE json_type(properties, '$.reason') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.reason') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.reason') END AS reason,
  occurred_at,
  json_extract(properties, '$.segments') AS segments,
  log_partition,
  log_offset
FROM raw_events
WHERE event_type = 'exposure'
  AND experiment_key = $experiment_key
  AND epoch = $epoch
  AND occurred_at <= $closed_at
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
stg_links AS (
-- One row per linked user: user_id, device_id.
SELECT
  CASE json_type(properties, '$.user_id') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.user_id') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.user_id') END AS user_id,
  MIN(CASE json_type(properties, '$.device_id') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.device_id') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.device_id') END) AS device_id
FROM raw_events
WHERE event_type = 'identity_linked'
GROUP BY 1
),
repeated_outcomes AS (
-- One row per event whose id came more than once: event_id, occurred_at, log_partition, log_offset.
SELECT event_id, occurred_at, log_partition, log_offset
FROM raw_events
WHERE event_type IN ($event_0)
  AND occurred_at >= ((SELECT MIN(first_exposed_at) + to_milliseconds(0) FROM int_first_exposures)) + to_milliseconds(-259200000)
  AND occurred_at < ($as_of) + to_milliseconds(259200000)
  AND hash(event_id) IN (SELECT fingerprint FROM (SELECT hash(event_id) AS fingerprint FROM raw_events WHERE event_type IN ($event_0)
      AND occurred_at >= ((SELECT MIN(first_exposed_at) + to_milliseconds(0) FROM int_first_exposures)) + to_milliseconds(-259200000)
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
  event_type,
  user_id,
  anonymous_id,
  CAST(NULL AS STRING) AS named_unit_id,
  occurred_at,
  CASE WHEN event_type = $event_0 THEN COALESCE(TRY_CAST(CAST(json_extract(properties, '$.amount_paise') AS VARCHAR) AS DOUBLE), 0) END AS value_0
FROM (
  SELECT event.*
  FROM (
    SELECT *
    FROM raw_events
    WHERE event_type IN ($event_0)
      AND occurred_at >= (SELECT MIN(first_exposed_at) + to_milliseconds(0) FROM int_first_exposures)
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
unit_metrics AS (
-- One row per unit: unit_id, variant, first_exposed_at, and for each metric y_0 (in its window) and x_0 (before the first exposure; 0
-- without a covariate), y_1, x_1, …; d_0, … (in the window) of quotients; segment_0, … where asked for.
SELECT
  exposure.unit_id,
  exposure.variant,
  exposure.first_exposed_at,
  CAST(LEAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000) THEN outcome.value_0 END), 0), 5000) AS DOUBLE) AS y_0,
  CAST(LEAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_0 END), 0), 5000) AS DOUBLE) AS x_0
FROM int_first_exposures AS exposure
LEFT JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = exposure.unit_id
  AND outcome.occurred_at >= exposure.first_exposed_at + to_milliseconds(0)
  AND outcome.occurred_at < exposure.first_exposed_at + to_milliseconds(172800000)
GROUP BY exposure.unit_id, exposure.variant, exposure.first_exposed_at
),
sufficient_statistics AS (
-- One row per metric (its place in the list) and variant, over the units whose window has closed: units, and sums, squares and
-- the cross products of y, x and (of quotients) d over them.
SELECT
  0 AS metric,
  variant,
  COUNT(*) AS units,
  SUM(y_0) AS sum_y,
  SUM(y_0 * y_0) AS sum_yy,
  SUM(x_0) AS sum_x,
  SUM(x_0 * x_0) AS sum_xx,
  SUM(x_0 * y_0) AS sum_xy,
  CAST(NULL AS DOUBLE) AS sum_d,
  CAST(NULL AS DOUBLE) AS sum_dd,
  CAST(NULL AS DOUBLE) AS sum_yd,
  CAST(NULL AS DOUBLE) AS sum_xd
FROM unit_metrics
WHERE first_exposed_at + to_milliseconds(172800000) <= $as_of
GROUP BY variant
)
SELECT 'exposed' AS part, '' AS attribute, '' AS value, -1 AS metric, variant AS variant, COUNT(*) AS units, CAST(0 AS DOUBLE) AS sum_y, CAST(0 AS DOUBLE) AS sum_yy, CAST(0 AS DOUBLE) AS sum_x, CAST(0 AS DOUBLE) AS sum_xx, CAST(0 AS DOUBLE) AS sum_xy, CAST(NULL AS DOUBLE) AS sum_d, CAST(NULL AS DOUBLE) AS sum_dd, CAST(NULL AS DOUBLE) AS sum_yd, CAST(NULL AS DOUBLE) AS sum_xd FROM int_first_exposures GROUP BY variant
UNION ALL
SELECT 'crossed' AS part, '' AS attribute, '' AS value, -1 AS metric, '' AS variant, COUNT(*) AS units, CAST(0 AS DOUBLE) AS sum_y, CAST(0 AS DOUBLE) AS sum_yy, CAST(0 AS DOUBLE) AS sum_x, CAST(0 AS DOUBLE) AS sum_xx, CAST(0 AS DOUBLE) AS sum_xy, CAST(NULL AS DOUBLE) AS sum_d, CAST(NULL AS DOUBLE) AS sum_dd, CAST(NULL AS DOUBLE) AS sum_yd, CAST(NULL AS DOUBLE) AS sum_xd FROM int_first_exposures WHERE is_crossed
UNION ALL
SELECT 'not_random' AS part, '' AS attribute, '' AS value, -1 AS metric, '' AS variant, COUNT(*) AS units, CAST(0 AS DOUBLE) AS sum_y, CAST(0 AS DOUBLE) AS sum_yy, CAST(0 AS DOUBLE) AS sum_x, CAST(0 AS DOUBLE) AS sum_xx, CAST(0 AS DOUBLE) AS sum_xy, CAST(NULL AS DOUBLE) AS sum_d, CAST(NULL AS DOUBLE) AS sum_dd, CAST(NULL AS DOUBLE) AS sum_yd, CAST(NULL AS DOUBLE) AS sum_xd FROM stg_exposures WHERE reason IS NULL OR reason <> 'REASON_SPLIT'
UNION ALL
SELECT 'matured' AS part, '' AS attribute, '' AS value, metric, variant, units, sum_y, sum_yy, sum_x, sum_xx, sum_xy, sum_d, sum_dd, sum_yd, sum_xd FROM sufficient_statistics
ORDER BY part, attribute, value, metric, variant
