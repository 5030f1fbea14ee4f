import type { Row } from '../warehouse/port.ts';
import { compose, type Dialect, type TypedStatement } from './dialect.ts';
import { FIRST_EXPOSURES } from './intermediate/first-exposures.ts';
import type { Sources } from './sources.ts';

/**
 * How many units had matured when. Two kinds of rows, told by `part`:
 * - `look`: units of a variant that matured after look `look` − 1 (0: ever before) and not after look `look`;
 * - `full`: one row, where as many units have matured as the experiment wants: `at_ms` is when the last of them did, in ms since 1970 UTC.
 */
export interface MaturityRow extends Row {
  readonly part: 'look' | 'full';
  readonly look: number;
  readonly variant: string;
  readonly units: number;
  /** 0 for a look. */
  readonly at_ms: number;
}

export interface MaturityQuestion {
  /** Window of the metric, in ms. */
  readonly windowMs: number;
  /** Ms since 1970 UTC, ascending. */
  readonly lookTimesMs: readonly number[];
  /** Units of all variants together; null: not asked. */
  readonly maximumUnits: number | null;
}

/**
 * The units behind each look of a group-sequential experiment, and when its planned number of units was there: what may be known of an
 * experiment without looking at its outcomes.
 *
 * @throws RangeError without looks
 */
export function composeMaturity(
  dialect: Dialect,
  { exposures, parameters }: Pick<Sources, 'exposures' | 'parameters'>,
  { windowMs, lookTimesMs, maximumUnits }: MaturityQuestion,
): TypedStatement<MaturityRow> {
  if (lookTimesMs.length === 0) throw new RangeError('maturity: an experiment has at least one look');
  const names = lookTimesMs.map((_, look) => `look_${look}`);
  const bucket = names.map((name, look) => `WHEN matured_at <= ${dialect.parameter(name)} THEN ${look}`).join(' ');
  const last = dialect.parameter(names.at(-1) ?? '');
  const matured = {
    name: 'matured_units',
    sql: `
-- One row per unit whose window closed by the last look: unit_id, variant, matured_at.
SELECT unit_id, variant, ${dialect.addMs('first_exposed_at', windowMs)} AS matured_at
FROM int_first_exposures
WHERE ${dialect.addMs('first_exposed_at', windowMs)} <= ${last}`,
  };
  const looks = `
SELECT 'look' AS part, look, variant, COUNT(*) AS units, 0 AS at_ms
FROM (SELECT variant, matured_at, CASE ${bucket} END AS look FROM matured_units) AS by_look
GROUP BY look, variant`;
  const full = `
SELECT 'full' AS part, 0 AS look, '' AS variant, ${maximumUnits ?? 0} AS units, ${dialect.epochMs('matured_at')} AS at_ms
FROM (SELECT matured_at, ROW_NUMBER() OVER (ORDER BY matured_at, unit_id) AS place FROM matured_units) AS in_order
WHERE place = ${maximumUnits ?? 0}`;
  const times = Object.fromEntries(names.map((name, look) => [name, new Date(lookTimesMs[look] ?? 0)]));
  const sql = maximumUnits === null ? looks : `${looks}\nUNION ALL${full}`;
  return compose([...exposures, FIRST_EXPOSURES, matured], `${sql}\nORDER BY part, look, variant`, {
    ...parameters,
    ...times,
  });
}
