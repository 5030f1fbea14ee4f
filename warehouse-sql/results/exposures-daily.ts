import type { Statement } from '../../warehouse/port.ts';
import type { Dialect } from '../dialect.ts';
import { EXPOSURES_DAILY } from './result-tables.ts';

/** One row, `is_behind`: whether events came since the last time. It reads next to nothing. */
export const EXPOSURES_ARE_BEHIND: Statement = {
  sql: `SELECT COUNT(*) > 0 AS is_behind
FROM ingest_offsets AS ingested
LEFT JOIN exposures_daily_offsets AS counted ON counted.log_partition = ingested.log_partition
WHERE ingested.next_offset > COALESCE(counted.next_offset, 0)`,
  parameters: {},
};

/**
 * Counts the days anew on which any exposure happened that came since the last time, however late it was; every other day stays as it is.
 * The statements belong into one transaction: which events are counted moves together with the counts.
 *
 * @param refreshedAtMs ms since 1970 UTC
 */
export function restateExposures(dialect: Dialect, refreshedAtMs: number): readonly Statement[] {
  const day = 'CAST(occurred_at AS DATE)';
  const touched = `
  SELECT DISTINCT ${day}
  FROM raw_events AS event
  LEFT JOIN exposures_daily_offsets AS counted ON counted.log_partition = event.log_partition
  WHERE event.event_type = 'exposure' AND event.log_offset >= COALESCE(counted.next_offset, 0)`;
  const names = EXPOSURES_DAILY.columns.map(({ name }) => name).join(', ');
  const reason = dialect.jsonText('properties', 'reason');
  const unit = dialect.jsonText('properties', 'unit_id');
  const statement = (sql: string, parameters: Statement['parameters'] = {}): Statement => ({ sql, parameters });
  return [
    statement(`DELETE FROM exposures_daily\nWHERE exposure_date IN (${touched}\n)`),
    statement(`INSERT INTO exposures_daily (${names})
SELECT
  ${day} AS exposure_date,
  experiment_key,
  epoch,
  COALESCE(variant, '') AS variant,
  COALESCE(${reason}, '') AS reason,
  COUNT(DISTINCT event_id) AS exposures,
  COUNT(DISTINCT ${unit}) AS units
FROM raw_events
WHERE event_type = 'exposure' AND experiment_key IS NOT NULL AND epoch IS NOT NULL AND ${day} IN (${touched}\n)
GROUP BY 1, 2, 3, 4, 5`),
    statement('DELETE FROM exposures_daily_offsets WHERE TRUE'),
    statement(
      `INSERT INTO exposures_daily_offsets (log_partition, next_offset, refreshed_at)
SELECT log_partition, next_offset, ${dialect.parameter('refreshed_at')} FROM ingest_offsets`,
      { refreshed_at: new Date(refreshedAtMs) },
    ),
  ];
}
