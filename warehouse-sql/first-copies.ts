import type { Dialect, Model } from './dialect.ts';

/**
 * How far apart copies of an event may have happened. An event that is sent again keeps its time, or gets that of the new attempt; an id that
 * comes back later than this is another event.
 */
export const COPIES_WITHIN_MS = 3 * 86_400_000;

export interface CopiedEvents {
  /** Of the models: `repeated_NAME` and `stg_NAME`. */
  readonly name: string;
  /** Opens with its grain. */
  readonly comment: string;
  /** What is read of an event. */
  readonly columns: readonly string[];
  /** Which rows of `raw_events` are meant, whenever they happened. */
  readonly where: string;
  /** Those that happened in [from, until) are read: times in SQL. */
  readonly from: string;
  readonly until: string;
  /** Where the copies are known already: the model `copied_NAME`, one row per copy: log_partition, log_offset. */
  readonly copies?: Model;
}

/**
 * Events without their copies: where an id came twice, the first in the log counts. Ids that came twice are rare and found by counting; only they
 * are compared, which for tens of millions of events takes a fraction of the time of sorting all. Whether an event is a copy does not depend
 * on the times that are asked for: its neighbours are looked at, too.
 */
export function firstCopies(
  dialect: Dialect,
  { name, comment, columns, where, from, until, copies }: CopiedEvents,
): readonly Model[] {
  const near = (time: string, ms: number): string => dialect.addMs(`(${time})`, ms);
  const between = (first: string, end: string): string =>
    `${where}\n  AND occurred_at >= ${first}\n  AND occurred_at < ${end}`;
  return [
    ...(copies === undefined
      ? copiedEvents(dialect, name, between(near(from, -COPIES_WITHIN_MS), near(until, COPIES_WITHIN_MS)))
      : [copies]),
    {
      name: `stg_${name}`,
      sql: `
${comment}
SELECT
  ${columns.join(',\n  ')}
FROM (
  SELECT event.*
  FROM (
    SELECT *
    FROM raw_events
    WHERE ${between(from, until).replaceAll('\n', '\n    ')}
  ) AS event
  LEFT JOIN copied_${name} AS copied
    ON copied.log_partition = event.log_partition AND copied.log_offset = event.log_offset
  WHERE copied.log_offset IS NULL
) AS first_copy`,
    },
  ];
}

/** The copies among events, and as far as they are concerned only. */
export function copiedEvents(dialect: Dialect, name: string, where: string): readonly Model[] {
  return [
    {
      name: `repeated_${name}`,
      sql: `
-- One row per event whose id came more than once: event_id, occurred_at, log_partition, log_offset.
SELECT event_id, occurred_at, log_partition, log_offset
FROM raw_events
WHERE ${where}
  AND ${dialect.fingerprint('event_id')} IN (${dialect.repeatedFingerprints('event_id', `FROM raw_events WHERE ${where.replaceAll('\n', '\n    ')}`)})`,
    },
    {
      name: `copied_${name}`,
      sql: `
-- One row per copy, an event whose id came before it in the log: log_partition, log_offset, occurred_at.
SELECT DISTINCT later.log_partition, later.log_offset, later.occurred_at
FROM repeated_${name} AS later
INNER JOIN repeated_${name} AS earlier
  ON earlier.event_id = later.event_id
  AND earlier.occurred_at >= ${dialect.addMs('later.occurred_at', -COPIES_WITHIN_MS)}
  AND earlier.occurred_at <= ${dialect.addMs('later.occurred_at', COPIES_WITHIN_MS)}
WHERE earlier.log_partition < later.log_partition
  OR (earlier.log_partition = later.log_partition AND earlier.log_offset < later.log_offset)`,
    },
  ];
}
