import type { Dialect, Model } from '../dialect.ts';

/**
 * Outcomes with the unit that they belong to. A user's outcome belongs to the device that he is hashed by, else to himself; one without a
 * user belongs to its device. Any other kind of unit is named by a property of the outcome.
 */
export function unitOutcomes(dialect: Dialect, unitType: string): Model {
  return {
    name: 'int_unit_outcomes',
    sql: `
-- One row per outcome event: unit_id (NULL where it names no unit of this kind), occurred_at, value.
SELECT ${unitIdSql(dialect, unitType)} AS unit_id, outcome.occurred_at, outcome.value
FROM stg_outcomes AS outcome
LEFT JOIN stg_links AS link ON link.user_id = outcome.user_id`,
  };
}

function unitIdSql(dialect: Dialect, unitType: string): string {
  if (unitType === 'user') return 'COALESCE(link.device_id, outcome.user_id, outcome.anonymous_id)';
  if (unitType === 'device') return 'COALESCE(outcome.anonymous_id, link.device_id)';
  return dialect.jsonText('outcome.properties', unitType);
}
