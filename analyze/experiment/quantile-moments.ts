import { linearizedQuantile, sharesAround } from '../../estimators/metrics/quantile.ts';
import type { JointMoments } from '../../estimators/joint-moments.ts';
import { linearizedRatios } from '../../estimators/metrics/ratio.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { numbersOf, relationOf, type Reading } from './metric-relation.ts';
import { readJointMoments, type ArmMoments } from './unit-sums.ts';
import { eventsTable, UNITS } from './units.ts';

interface Found {
  readonly arm: string;
  readonly grp: string | null;
  readonly value: number;
}

/** A quantile of an arm's rows, with the standard error that allows for rows of one unit that resemble each other. */
export async function readQuantileMoments(warehouse: Warehouse, reading: Reading): Promise<readonly ArmMoments[]> {
  const { metric, metricIndex } = reading;
  if (metric.type !== 'quantile') throw new RangeError(`${metric.expression} is no quantile`);
  const share = metric.quantile;
  const group = reading.groupBy === null ? 'CAST(NULL AS VARCHAR)' : `units.${reading.groupBy}`;
  const rows = `
  SELECT units.arm, ${group} AS grp, events.unit_row, events.value
  FROM ${eventsTable(metricIndex)} AS events JOIN ${UNITS} AS units ON units.rowid = events.unit_row`;
  const quantiles = await quantilesOf(warehouse, rows, () => share, []);
  const { entries, pairs } = numbersOf(reading);
  const all = await readJointMoments(warehouse, relationOf(reading, unitsWithShares(rows, quantiles)), entries);
  // A segment with too few rows is not read; the whole file with too few is an error.
  const found = reading.groupBy === null ? all : all.filter(({ moments }) => hasEnough(moments, share));
  const around = found.map(({ moments }) => named(reading, () => sharesAround(moments, share)));
  const valuesAt = async (side: 'lower' | 'upper') =>
    await quantilesOf(warehouse, rows, (index) => around[index]?.[side] ?? share, found);
  const [lowers, uppers] = [await valuesAt('lower'), await valuesAt('upper')];
  return found.map(({ arm, group: of, moments }, index) => {
    const at = (values: readonly Found[]): number =>
      values.find((each) => each.arm === arm && each.grp === of)?.value ?? NaN;
    const shares = around[index];
    if (shares === undefined) throw new RangeError(`${metric.expression}: arm ${arm} has no rows`);
    const valueAt = { quantile: at(quantiles), lower: at(lowers), upper: at(uppers) };
    return {
      arm,
      group: of,
      moments: named(reading, () => linearizedQuantile(linearizedRatios(moments, pairs), shares, valueAt)),
    };
  });
}

/** The quantile of the rows of each arm (and group): at one share, or at its own for each of `arms`. */
async function quantilesOf(
  warehouse: Warehouse,
  rows: string,
  shareOf: (index: number) => number,
  arms: readonly ArmMoments[],
): Promise<readonly Found[]> {
  if (arms.length === 0)
    return await warehouse.query<{ arm: string; grp: string | null; value: number }>({
      sql: `SELECT arm, grp, quantile_cont(value, ${shareOf(0)}) AS value FROM (${rows}) AS events GROUP BY arm, grp`,
      parameters: {},
    });
  const found: Found[] = [];
  for (const [index, { arm, group }] of arms.entries()) {
    const [row] = await warehouse.query<{ value: number }>({
      sql: `
SELECT quantile_cont(value, ${shareOf(index)}) AS value FROM (${rows}) AS events
WHERE arm = $arm${group === null ? '' : ' AND grp = $grp'}`,
      parameters: { arm, ...(group === null ? {} : { grp: group }) },
    });
    found.push({ arm, grp: group, value: row?.value ?? NaN });
  }
  return found;
}

/** SQL of one row per unit with rows: how many of them lie at or below its arm's quantile (v), and how many there are (w). */
function unitsWithShares(rows: string, quantiles: readonly Found[]): string {
  const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  const thresholds = quantiles.map(
    ({ arm, grp, value }) => `(${text(arm)}, ${grp === null ? 'NULL' : text(grp)}, ${value})`,
  );
  return `
SELECT units.*, shares.v, shares.w FROM (
  SELECT events.unit_row, SUM(CASE WHEN events.value <= thresholds.threshold THEN 1 ELSE 0 END) AS v, COUNT(*) AS w
  FROM (${rows}) AS events
  JOIN (VALUES ${thresholds.join(', ')}) AS thresholds (arm, grp, threshold)
    ON thresholds.arm = events.arm AND thresholds.grp IS NOT DISTINCT FROM events.grp
  GROUP BY events.unit_row
) AS shares JOIN ${UNITS} AS units ON units.rowid = shares.unit_row`;
}

function hasEnough(moments: JointMoments, share: number): boolean {
  try {
    sharesAround(moments, share);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function named<T>({ metric }: Reading, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AnalyzeError(`metric ${metric.expression}: ${error.message.replace(/^quantile: /, '')}`, {
      cause: error,
    });
  }
}
