import type { Row, Statement } from '../warehouse/port.ts';
import type { Dialect, TypedStatement } from '../warehouse-sql/dialect.ts';
import { readNewExposures, takeExposures } from '../warehouse-sql/daily/new-exposures.ts';
import { moveOffsets, NEW_POSITIONS, newDaysQuery, type NewDayRow } from '../warehouse-sql/daily/new-events.ts';
import { relinkedDaysQuery, takeLinks, type NewLinks } from '../warehouse-sql/daily/new-links.ts';
import { copiedDaysQuery, takeCopies } from '../warehouse-sql/daily/new-copies.ts';
import { rangesOf, type DayRange, type Positions } from '../warehouse-sql/daily/positions.ts';
import { deleteStatisticsOf } from '../warehouse-sql/daily/touched-statistics.ts';

/** The warehouse, as statistics by day use it. */
export interface DailyWarehouse {
  readonly dialect: Dialect;
  query<R extends Row>(statement: TypedStatement<R>): Promise<readonly R[]>;
  /**
   * Runs statements in order in one transaction, of which there is one at a time.
   *
   * @param before what fills temporary tables for it
   */
  change(statements: readonly Statement[], before?: readonly Statement[]): Promise<void>;
}

/**
 * Brings what is kept up to the events that were ingested: first exposures, links, and the days whose statistics have to be computed
 * anew. All of it is one transaction with the offsets, so it may be killed at any moment; doing the same events twice changes nothing.
 */
export async function takeNewEvents(warehouse: DailyWarehouse, nowMs: number): Promise<void> {
  const { dialect } = warehouse;
  const rows = await warehouse.query(NEW_POSITIONS);
  if (rows.length === 0) return;
  const positions: Positions[] = rows.map((row) => ({
    partition: row.log_partition,
    from: row.from_offset,
    until: row.until_offset,
  }));
  const days = await warehouse.query(newDaysQuery(dialect, positions));
  const on = (kind: NewDayRow['kind']) => days.filter((day) => day.kind === kind).map(({ day_ms: start }) => start);
  const links = { positions, days: rangesOf(on('link')) };
  const outcomes = rangesOf(on('outcome'));
  const exposures = { positions, days: rangesOf(on('exposure')) };
  const hasExposures = exposures.days.length > 0;
  const first = await isFirst(warehouse);
  const mayReorder = (rows[0]?.partitions ?? 1) > 1;
  const moved = first ? [] : await daysThatChange(warehouse, links, mayReorder ? outcomes : []);
  await warehouse.change(
    [
      ...deleteStatisticsOf(dialect, rangesOf([...on('outcome'), ...moved])),
      ...takeCopies(dialect, outcomes),
      ...takeLinks(dialect, links),
      ...(hasExposures ? takeExposures(dialect, positions, first) : []),
      ...moveOffsets(dialect, positions, nowMs),
    ],
    hasExposures ? [readNewExposures(dialect, exposures)] : [],
  );
}

/** Older days whose outcomes count for another unit now, or not at all: in a log of one partition what comes later is never the first copy. */
async function daysThatChange(
  { dialect, query }: DailyWarehouse,
  links: NewLinks,
  outcomes: readonly DayRange[],
): Promise<number[]> {
  const relinked = links.days.length === 0 ? [] : await query(relinkedDaysQuery(dialect, links));
  const copied = outcomes.length === 0 ? [] : await query(copiedDaysQuery(dialect, outcomes));
  return [...relinked, ...copied].map(({ day_ms: start }) => start);
}

/** Whether nothing was taken in before, which spares looking for what changes. */
async function isFirst({ query }: DailyWarehouse): Promise<boolean> {
  const rows = await query<{ readonly log_partition: number }>({
    sql: '-- At most one row: a partition that was taken in.\nSELECT log_partition FROM statistics_offsets LIMIT 1',
    parameters: {},
  });
  return rows.length === 0;
}
