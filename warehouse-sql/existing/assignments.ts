import type { Dialect, Model } from '../dialect.ts';
import { text, utcTime, type KnownAssignments } from './source.ts';

export const ASSIGNMENTS = 'umpire_assignments';

/**
 * Exposures of one experiment, as a foreign query gives them. Of rows of one unit at the same moment the first is told by a digest, which
 * favours no variant and is the same every time.
 */
export function existingExposures(dialect: Dialect, { query, kinds }: KnownAssignments): Model {
  const { columns, segments } = query;
  const p = dialect.parameter;
  const segmentTexts = segments.map((segment) => [segment, text(dialect, segment)] as const);
  const tie = [text(dialect, columns.unit), text(dialect, columns.variant), ...segmentTexts.map(([, value]) => value)]
    .map((value) => `COALESCE(${value}, '')`)
    .join(", '|', ");
  return {
    name: 'stg_exposures',
    sql: `
-- One row per row of the assignment query for one experiment, in its time:
-- unit_id, variant, reason, occurred_at, segments (JSON), log_partition, log_offset (a digest).
SELECT unit_id, variant, 'REASON_SPLIT' AS reason, occurred_at, segments, 0 AS log_partition, log_offset
FROM (
  SELECT
    ${text(dialect, columns.unit)} AS unit_id,
    ${text(dialect, columns.variant)} AS variant,
    ${utcTime(dialect, columns.exposedAt, kinds.get(columns.exposedAt.toLowerCase()))} AS occurred_at,
    ${dialect.jsonRecord(segmentTexts)} AS segments,
    ${dialect.md5(`CONCAT(${tie})`)} AS log_offset
  FROM ${ASSIGNMENTS}
  WHERE ${text(dialect, columns.experiment)} = ${p('experiment_key')}
) AS assigned
WHERE occurred_at >= ${p('started_at')} AND occurred_at <= ${p('closed_at')}`,
  };
}
