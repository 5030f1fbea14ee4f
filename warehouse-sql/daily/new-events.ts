import type { Row, Statement } from '../../warehouse/port.ts';
import type { Dialect, TypedStatement } from '../dialect.ts';
import { isAtPositions, positionsParameter, type Positions } from './positions.ts';

/** A partition of the log where ingest is ahead of the statistics. */
export interface PositionRow extends Row {
  readonly log_partition: number;
  readonly from_offset: number;
  readonly until_offset: number;
  /** How many partitions the log has. */
  readonly partitions: number;
}

/** Which events came since the statistics were last brought up to date. Reads next to nothing. */
export const NEW_POSITIONS: TypedStatement<PositionRow> = {
  sql: `-- One row per partition with new events: log_partition, from_offset, until_offset; partitions: how many there are.
SELECT
  ingested.log_partition,
  COALESCE(taken.next_offset, 0) AS from_offset,
  ingested.next_offset AS until_offset,
  (SELECT COUNT(*) FROM ingest_offsets) AS partitions
FROM ingest_offsets AS ingested
LEFT JOIN statistics_offsets AS taken ON taken.log_partition = ingested.log_partition
WHERE ingested.next_offset > COALESCE(taken.next_offset, 0)
ORDER BY ingested.log_partition`,
  parameters: {},
};

/** A UTC day on which new events of a kind happened; `day_ms` is its start. */
export interface NewDayRow extends Row {
  readonly kind: 'exposure' | 'link' | 'outcome';
  readonly day_ms: number;
}

export function newDaysQuery(dialect: Dialect, positions: readonly Positions[]): TypedStatement<NewDayRow> {
  const { sql: isNew, parameters } = isAtPositions(dialect, positions);
  return {
    sql: `-- One row per kind of event and UTC day of the new events: kind, day_ms.
SELECT DISTINCT
  CASE event.event_type WHEN 'exposure' THEN 'exposure' WHEN 'identity_linked' THEN 'link' ELSE 'outcome' END AS kind,
  ${dialect.dayMs('event.occurred_at')} AS day_ms
FROM raw_events AS event
WHERE ${isNew}
ORDER BY kind, day_ms`,
    parameters,
  };
}

/** Remembers up to where the events are taken in. */
export function moveOffsets(dialect: Dialect, positions: readonly Positions[], nowMs: number): readonly Statement[] {
  const p = dialect.parameter;
  const partitions = dialect.jsonRows('positions', { log_partition: 'integer', until_offset: 'integer' });
  return [
    {
      sql: `DELETE FROM statistics_offsets
WHERE log_partition IN (SELECT log_partition FROM ${partitions} AS moved)`,
      parameters: { positions: positionsParameter(positions) },
    },
    {
      sql: `INSERT INTO statistics_offsets (log_partition, next_offset, refreshed_at)
SELECT log_partition, until_offset, ${p('refreshed_at')} FROM ${partitions} AS moved`,
      parameters: { positions: positionsParameter(positions), refreshed_at: new Date(nowMs) },
    },
  ];
}
