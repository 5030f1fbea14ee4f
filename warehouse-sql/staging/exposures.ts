import type { Dialect, Model } from '../dialect.ts';
import { firstCopies } from '../first-copies.ts';

/** Exposures of one epoch until its analysis closed, with whatever reason. */
export function stagingExposures(dialect: Dialect): readonly Model[] {
  const p = dialect.parameter;
  return firstCopies({
    name: 'exposures',
    comment: `-- One row per exposure event of one epoch, the first in the log where an event id came twice:
-- unit_id, variant, reason, occurred_at, segments (JSON), log_partition, log_offset.`,
    columns: [
      `${dialect.jsonText('properties', 'unit_id')} AS unit_id`,
      'variant',
      `${dialect.jsonText('properties', 'reason')} AS reason`,
      'occurred_at',
      `${dialect.jsonObject('properties', 'segments')} AS segments`,
      'log_partition',
      'log_offset',
    ],
    where: `event_type = 'exposure'
  AND experiment_key = ${p('experiment_key')}
  AND epoch = ${p('epoch')}
  AND occurred_at <= ${p('closed_at')}`,
  });
}
