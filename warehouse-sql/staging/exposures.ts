import type { Dialect, Model } from '../dialect.ts';

/**
 * Exposures of one epoch until its analysis closed, with whatever reason. Copies do no harm: however often an exposure comes, the first one of a
 * unit and the variants that it met are the same.
 */
export function stagingExposures(dialect: Dialect): Model {
  const p = dialect.parameter;
  return {
    name: 'stg_exposures',
    sql: `
-- One row per exposure event of one epoch: unit_id, variant, reason, occurred_at, segments (JSON), log_partition, log_offset.
SELECT
  ${dialect.jsonText('properties', 'unit_id')} AS unit_id,
  variant,
  ${dialect.jsonText('properties', 'reason')} AS reason,
  occurred_at,
  ${dialect.jsonObject('properties', 'segments')} AS segments,
  log_partition,
  log_offset
FROM raw_events
WHERE event_type = 'exposure'
  AND experiment_key = ${p('experiment_key')}
  AND epoch = ${p('epoch')}
  AND occurred_at <= ${p('closed_at')}`,
  };
}
