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
)
SELECT attribute, value, variant, COUNT(*) AS units
FROM (
  SELECT 'region' AS attribute, CASE json_type(segments, '$.region') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(segments, '$.region') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(segments, '$.region') END AS value, variant FROM int_first_exposures WHERE CASE json_type(segments, '$.region') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(segments, '$.region') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(segments, '$.region') END IS NOT NULL
) AS segmented
GROUP BY attribute, value, variant
ORDER BY attribute, value, variant
