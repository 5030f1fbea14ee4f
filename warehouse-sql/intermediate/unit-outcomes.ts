import type { Model } from '../dialect.ts';

/**
 * Outcomes with the unit that they belong to. A user's outcome belongs to the device that he is hashed by, else to himself; one without a
 * user belongs to its device. Any other kind of unit is named by a property of the outcome.
 */
export function unitOutcomes(unitType: string): Model {
  return {
    name: 'int_unit_outcomes',
    sql: `
-- One row per outcome event: unit_id (NULL where it names no unit of this kind), occurred_at, value_0, value_1, …
SELECT ${unitIdSql(unitType)} AS unit_id, outcome.*
FROM stg_outcomes AS outcome
LEFT JOIN stg_links AS link ON link.user_id = outcome.user_id`,
  };
}

/** Who an event, called `outcome` with its `link`, belongs to. */
export function unitIdSql(unitType: string): string {
  if (unitType === 'user') return 'COALESCE(link.device_id, outcome.user_id, outcome.anonymous_id)';
  if (unitType === 'device') return 'COALESCE(outcome.anonymous_id, link.device_id)';
  return 'outcome.named_unit_id';
}
