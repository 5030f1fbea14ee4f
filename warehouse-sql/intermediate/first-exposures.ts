import type { Model } from '../dialect.ts';

/** The exposure by which a unit is analysed. Only a random split is evidence. */
export const FIRST_EXPOSURES: Model = {
  name: 'int_first_exposures',
  sql: `
-- One row per unit: unit_id, variant, first_exposed_at, segments (JSON), all of its first exposure by a random split;
-- is_crossed: it met more than one variant.
SELECT
  unit_id, variant, occurred_at AS first_exposed_at, segments,
  MIN(variant) OVER (PARTITION BY unit_id) <> MAX(variant) OVER (PARTITION BY unit_id) AS is_crossed
FROM stg_exposures
WHERE reason = 'REASON_SPLIT' AND unit_id IS NOT NULL AND variant IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY occurred_at, log_partition, log_offset) = 1`,
};
