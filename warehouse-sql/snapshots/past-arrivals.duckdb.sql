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
  SELECT outcome.named_unit_id AS unit_id, outcome.occurred_at
  FROM (
    SELECT user_id, anonymous_id, CASE json_type(properties, '$.team') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN CAST(CAST(json_extract(properties, '$.team') AS DOUBLE) AS VARCHAR) ELSE json_extract_string(properties, '$.team') END AS named_unit_id, occurred_at
    FROM raw_events
    WHERE event_type = $began_with
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
)
SELECT epoch_ms(date_trunc('day', first_exposed_at)) AS day_ms, COUNT(*) AS units
FROM int_first_exposures
GROUP BY 1
ORDER BY 1
