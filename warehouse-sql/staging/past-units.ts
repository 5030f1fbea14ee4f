import type { Dialect, Model } from '../dialect.ts';
import { unitIdSql } from '../intermediate/unit-outcomes.ts';
import { namedUnit } from './outcomes.ts';

/** Units of a time in which nobody randomized them. */
export interface PastUnits {
  /** What would have been randomized, such as `user`. */
  readonly unitType: string;
  /** The event by which a unit would have entered; null: any. */
  readonly beganWith: string | null;
  /** Units that began in [fromMs, untilMs), ms since 1970 UTC; nothing after it counts. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Stands for the exposures of an experiment that never was: each unit enters with its first event in a time of the past, and there is one variant.
 * Copies of an event do no harm, because a unit's first one is what counts.
 */
export function stagingPastUnits(dialect: Dialect, { unitType, beganWith }: PastUnits): Model {
  const p = dialect.parameter;
  // A link is written by the control store; the unit did nothing.
  const event = beganWith === null ? `event_type <> 'identity_linked'` : `event_type = ${p('began_with')}`;
  return {
    name: 'stg_exposures',
    sql: `
-- One row per unit with an event in the time: unit_id, variant (all), reason, occurred_at of its first, segments (NULL), log_partition, log_offset.
SELECT
  unit_id, 'all' AS variant, 'REASON_SPLIT' AS reason, MIN(occurred_at) AS occurred_at,
  CAST(NULL AS STRING) AS segments, 0 AS log_partition, 0 AS log_offset
FROM (
  SELECT ${unitIdSql(unitType)} AS unit_id, outcome.occurred_at
  FROM (
    SELECT user_id, anonymous_id, ${namedUnit(dialect, unitType)} AS named_unit_id, occurred_at
    FROM raw_events
    WHERE ${event}
      AND occurred_at >= ${p('began_from')}
      AND occurred_at < ${p('as_of')}
  ) AS outcome
  LEFT JOIN stg_links AS link ON link.user_id = outcome.user_id
) AS began
WHERE unit_id IS NOT NULL
GROUP BY unit_id`,
  };
}
