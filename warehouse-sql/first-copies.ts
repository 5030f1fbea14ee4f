import type { Model } from './dialect.ts';

export interface CopiedEvents {
  /** Of the models: `repeated_NAME` and `stg_NAME`. */
  readonly name: string;
  /** Opens with its grain. */
  readonly comment: string;
  /** What is read of an event. */
  readonly columns: readonly string[];
  /** Which rows of `raw_events` are meant. */
  readonly where: string;
}

/**
 * Events without their copies: where an id came twice, the first in the log counts. Ids that came twice are rare and found by counting; only they
 * are sorted, which for tens of millions of events takes a fraction of the time of sorting all.
 */
export function firstCopies({ name, comment, columns, where }: CopiedEvents): readonly Model[] {
  const list = columns.join(',\n  ');
  return [
    {
      name: `repeated_${name}`,
      sql: `
-- One row per event id that came more than once: event_id.
SELECT event_id
FROM raw_events
WHERE ${where}
GROUP BY event_id
HAVING COUNT(*) > 1`,
    },
    {
      name: `stg_${name}`,
      sql: `
${comment}
SELECT
  ${list}
FROM raw_events
WHERE ${where}
  AND event_id NOT IN (SELECT event_id FROM repeated_${name})
UNION ALL
SELECT
  ${list}
FROM (
  SELECT *
  FROM raw_events
  WHERE ${where}
    AND event_id IN (SELECT event_id FROM repeated_${name})
  QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY log_partition, log_offset) = 1
) AS first_copy`,
    },
  ];
}
