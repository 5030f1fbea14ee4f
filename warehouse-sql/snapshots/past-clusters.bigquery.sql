WITH stg_links AS (
-- One row per linked user: user_id, device_id.
SELECT
  JSON_VALUE(properties, '$.user_id') AS user_id,
  MIN(JSON_VALUE(properties, '$.device_id')) AS device_id
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
      AND occurred_at >= @began_from
      AND occurred_at < @as_of
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
stg_unit_clusters AS (
-- One row per unit with an event in the time that names a cluster: unit_id, cluster.
SELECT unit_id, cluster
FROM (
  SELECT COALESCE(link.device_id, outcome.user_id, outcome.anonymous_id) AS unit_id, outcome.cluster, outcome.occurred_at, outcome.log_partition, outcome.log_offset
  FROM (
    SELECT
      user_id, anonymous_id, CAST(NULL AS STRING) AS named_unit_id,
      JSON_VALUE(properties, '$.team') AS cluster,
      occurred_at, log_partition, log_offset
    FROM raw_events
    WHERE occurred_at >= @began_from
      AND occurred_at < @as_of
  ) AS outcome
  LEFT JOIN stg_links AS link ON link.user_id = outcome.user_id
) AS named
WHERE unit_id IS NOT NULL AND cluster IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY occurred_at, log_partition, log_offset) = 1
),
repeated_outcomes AS (
-- One row per event whose id came more than once: event_id, occurred_at, log_partition, log_offset.
SELECT event_id, occurred_at, log_partition, log_offset
FROM raw_events
WHERE event_type IN (@event_0)
  AND occurred_at >= TIMESTAMP_ADD(((SELECT TIMESTAMP_ADD(MIN(first_exposed_at), INTERVAL 0 MILLISECOND) FROM int_first_exposures)), INTERVAL -259200000 MILLISECOND)
  AND occurred_at < TIMESTAMP_ADD((@as_of), INTERVAL 259200000 MILLISECOND)
  AND event_id IN (SELECT event_id FROM raw_events WHERE event_type IN (@event_0)
      AND occurred_at >= TIMESTAMP_ADD(((SELECT TIMESTAMP_ADD(MIN(first_exposed_at), INTERVAL 0 MILLISECOND) FROM int_first_exposures)), INTERVAL -259200000 MILLISECOND)
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
  CAST(NULL AS STRING) AS named_unit_id,
  occurred_at,
  CASE WHEN event_type = @event_0 THEN 1 END AS value_0
FROM (
  SELECT event.*
  FROM (
    SELECT *
    FROM raw_events
    WHERE event_type IN (@event_0)
      AND occurred_at >= (SELECT TIMESTAMP_ADD(MIN(first_exposed_at), INTERVAL 0 MILLISECOND) FROM int_first_exposures)
      AND occurred_at < @as_of
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
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= exposure.first_exposed_at AND outcome.occurred_at < TIMESTAMP_ADD(exposure.first_exposed_at, INTERVAL 86400000 MILLISECOND) THEN outcome.value_0 END), 0) AS FLOAT64) AS y_0,
  CAST(COALESCE(SUM(CASE WHEN outcome.occurred_at >= TIMESTAMP_ADD(exposure.first_exposed_at, INTERVAL 0 MILLISECOND) AND outcome.occurred_at < exposure.first_exposed_at THEN outcome.value_0 END), 0) AS FLOAT64) AS x_0
FROM int_first_exposures AS exposure
LEFT JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = exposure.unit_id
  AND outcome.occurred_at >= TIMESTAMP_ADD(exposure.first_exposed_at, INTERVAL 0 MILLISECOND)
  AND outcome.occurred_at < TIMESTAMP_ADD(exposure.first_exposed_at, INTERVAL 86400000 MILLISECOND)
GROUP BY exposure.unit_id, exposure.variant, exposure.first_exposed_at
)
SELECT cluster, COUNT(*) AS units, SUM(y_0) AS sum_y, SUM(y_0 * y_0) AS sum_yy
FROM unit_metrics
INNER JOIN stg_unit_clusters ON stg_unit_clusters.unit_id = unit_metrics.unit_id
WHERE TIMESTAMP_ADD(first_exposed_at, INTERVAL 86400000 MILLISECOND) <= @as_of
GROUP BY cluster
ORDER BY cluster
