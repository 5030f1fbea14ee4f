import type { Model } from '../dialect.ts';

/** Units that met several variants; they are analysed by their first. */
export const CROSSED_UNITS: Model = {
  name: 'int_crossed_units',
  sql: `
-- One row per unit that met more than one variant by a random split: unit_id.
SELECT unit_id
FROM stg_exposures
WHERE reason = 'REASON_SPLIT' AND unit_id IS NOT NULL
GROUP BY unit_id
HAVING COUNT(DISTINCT variant) > 1`,
};
