import type { StatementParameter } from '../../warehouse/port.ts';
import type { Dialect } from '../dialect.ts';

/** Positions [from, until) of one partition of the event log. */
export interface Positions {
  readonly partition: number;
  readonly from: number;
  readonly until: number;
}

/** Whole UTC days [from, until), in ms since 1970. */
export interface DayRange {
  readonly fromMs: number;
  readonly untilMs: number;
}

export const DAY_MS = 86_400_000;
const MAX_RANGES = 8;

/**
 * Days as few ranges, so that a warehouse that is partitioned by day reads no others. Where there would be too many, the closest ones are
 * joined, with what lies between them.
 *
 * @param daysMs starts of UTC days in ms since 1970
 */
export function rangesOf(daysMs: readonly number[]): DayRange[] {
  const ranges = [...new Set(daysMs)].sort((a, b) => a - b).map((fromMs) => ({ fromMs, untilMs: fromMs + DAY_MS }));
  const joined: { fromMs: number; untilMs: number }[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last?.untilMs === range.fromMs) last.untilMs = range.untilMs;
    else joined.push(range);
  }
  while (joined.length > MAX_RANGES) {
    const gaps = joined.slice(1).map(({ fromMs }, index) => fromMs - (joined[index]?.untilMs ?? fromMs));
    const at = gaps.indexOf(Math.min(...gaps));
    const [first, second] = joined.splice(at, 2);
    if (first === undefined || second === undefined) break;
    joined.splice(at, 0, { fromMs: first.fromMs, untilMs: second.untilMs });
  }
  return joined;
}

/** A condition, and the parameters that it names: the time is on one of the days. @param name of the parameters */
export function isOnDays(
  dialect: Dialect,
  time: string,
  ranges: readonly DayRange[],
  name: string,
): { readonly sql: string; readonly parameters: Readonly<Record<string, StatementParameter>> } {
  if (ranges.length === 0) return { sql: 'FALSE', parameters: {} };
  const bound = (side: string, index: number): string => `${name}_${side}_${index}`;
  const conditions = ranges.map(
    (_, index) =>
      `(${time} >= ${dialect.parameter(bound('from', index))} AND ${time} < ${dialect.parameter(bound('until', index))})`,
  );
  const parameters = ranges.flatMap(({ fromMs, untilMs }, index) => [
    [bound('from', index), new Date(fromMs)] as const,
    [bound('until', index), new Date(untilMs)] as const,
  ]);
  return { sql: `(${conditions.join(' OR ')})`, parameters: Object.fromEntries(parameters) };
}

/** The rows of a parameter `positions`, as `positionsParameter` writes it. */
export function positionRows(dialect: Dialect): string {
  return dialect.jsonRows('positions', { log_partition: 'integer', from_offset: 'integer', until_offset: 'integer' });
}

export function positionsParameter(positions: readonly Positions[]): string {
  return JSON.stringify(
    positions.map(({ partition, from, until }) => ({
      log_partition: partition,
      from_offset: from,
      until_offset: until,
    })),
  );
}

/** A condition on `raw_events AS event`, and the parameters that it names: the event is at one of the positions. */
export function isAtPositions(
  dialect: Dialect,
  positions: readonly Positions[],
): { readonly sql: string; readonly parameters: Readonly<Record<string, StatementParameter>> } {
  const p = dialect.parameter;
  const conditions = positions.map(
    (_, index) =>
      `(event.log_partition = ${p(`partition_${index}`)} AND event.log_offset >= ${p(`from_${index}`)} AND event.log_offset < ${p(`until_${index}`)})`,
  );
  const parameters = positions.flatMap(({ partition, from, until }, index) => [
    [`partition_${index}`, partition] as const,
    [`from_${index}`, from] as const,
    [`until_${index}`, until] as const,
  ]);
  const least = Math.min(...positions.map(({ from }) => from));
  return {
    // The first part lets DuckDB skip whatever came before.
    sql: `event.log_offset >= ${p('least_offset')} AND (${conditions.join(' OR ')})`,
    parameters: { ...Object.fromEntries(parameters), least_offset: least },
  };
}
