import {
  switchbackRegression,
  type SwitchbackCell,
  type SwitchbackEffect,
} from '../../estimators/designs/switchback-regression.ts';
import { carryOver } from '../../estimators/designs/switchback.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { readEffect } from './compare.ts';
import { CELL_SEPARATOR } from './design.ts';
import type { MetricEstimates, RawComparison } from './metric-estimates.ts';
import { numbersOf, relationOf, type Reading } from './metric-relation.ts';
import type { ArmReading, SwitchbackFacts } from './result.ts';
import { placesInTime } from './window-order.ts';

interface Cell {
  readonly arm: string;
  readonly group: string | null;
  readonly region: string;
  readonly window: number;
  readonly value: number;
  readonly weight: number;
  readonly covariates: readonly number[];
}

/** A metric in a switchback, whose unit is a region in a window of time. */
export async function readSwitchbackEstimates(
  warehouse: Warehouse,
  reading: Reading,
): Promise<ReadonlyMap<string | null, MetricEstimates>> {
  if (reading.metric.type === 'quantile')
    throw new AnalyzeError(
      `metric ${reading.metric.expression}: a quantile cannot be read in a switchback; give a mean or a ratio`,
    );
  const cells = await readCells(warehouse, reading);
  const groups = new Map<string | null, MetricEstimates>();
  for (const group of new Set(cells.map((cell) => cell.group)))
    groups.set(
      group,
      estimatesOf(
        cells.filter((cell) => cell.group === group),
        reading,
      ),
    );
  return groups;
}

async function readCells(warehouse: Warehouse, reading: Reading): Promise<readonly Cell[]> {
  const { entries, pairs } = numbersOf(reading);
  const rows = await warehouse.query<Record<string, number> & { arm: string; grp: string | null; cluster: string }>({
    sql: `
-- One row per region and window: sums over its units.
SELECT arm, grp, cluster, ${entries.map((entry, index) => `CAST(${entry} AS DOUBLE) AS e${index}`).join(', ')}
FROM (${relationOf(reading)}) AS cells ORDER BY cluster`,
    parameters: {},
  });
  const windowOf = placesInTime(rows.map(({ cluster }) => cluster.split(CELL_SEPARATOR)[1] ?? ''));
  const number = (row: Record<string, unknown>, place: number | null): number =>
    place === null ? 1 : Number(row[`e${place}`]);
  return rows.flatMap((row) => {
    const [region = '', window = ''] = row.cluster.split(CELL_SEPARATOR);
    const [value = NaN, ...covariates] = pairs.map(
      (pair) => number(row, pair.numerator) / number(row, pair.denominator),
    );
    const weight = number(row, pairs[0]?.denominator ?? null);
    const place = windowOf.get(window) ?? NaN;
    return weight > 0 ? [{ arm: row.arm, group: row.grp, region, window: place, value, weight, covariates }] : [];
  });
}

function estimatesOf(cells: readonly Cell[], reading: Reading): MetricEstimates {
  const { control } = reading.request;
  const arms = new Map([...new Set(cells.map(({ arm }) => arm))].map((arm) => [arm, armReading(arm, cells)]));
  const whyNot = (arm: string): string | null => {
    const missing = [control, arm].find((each) => (arms.get(each)?.units ?? 0) < 2);
    return missing === undefined ? null : `arm "${missing}" has fewer than 2 windows; at least 2 are needed`;
  };
  const compare = (arm: string): RawComparison => {
    const why = whyNot(arm);
    if (why !== null) throw new AnalyzeError(`metric ${reading.metric.expression}: ${why}`);
    return compareCells(
      cells.filter((cell) => cell.arm === arm || cell.arm === control),
      arm,
      reading,
    );
  };
  return { arms, whyNot, compare };
}

function armReading(arm: string, cells: readonly Cell[]): ArmReading {
  const of = cells.filter((cell) => cell.arm === arm);
  const total = of.reduce((sum, { weight }) => sum + weight, 0);
  const mean = of.reduce((sum, { weight, value }) => sum + weight * value, 0) / total;
  const variance = of.reduce((sum, { weight, value }) => sum + (weight / total) * (value - mean) ** 2, 0);
  return { arm, units: of.length, mean, standardDeviation: Math.sqrt(variance) };
}

function compareCells(cells: readonly Cell[], arm: string, reading: Reading): RawComparison {
  const { request } = reading;
  const regress = (hasCovariates: boolean): SwitchbackEffect =>
    named(reading, () => switchbackRegression(cells.map((cell) => regressed(cell, arm, hasCovariates))));
  const read = (effect: SwitchbackEffect) => {
    const information = { count: cells.length, degreesOfFreedom: effect.degreesOfFreedom };
    const { pValue, ...absolute } = readEffect(effect.absolute, information, request);
    const relative = effect.relative === null ? null : readEffect(effect.relative, information, request);
    const bounds = relative && { estimate: relative.estimate, lower: relative.lower, upper: relative.upper };
    const { estimate, lower, upper } = absolute;
    return {
      absolute: { estimate, lower, upper, standardError: effect.absolute.standardError },
      relative: bounds,
      pValue,
    };
  };
  const plain = regress(false);
  const before = read(plain);
  const switchback = {
    maximumLag: plain.maxLag,
    heldFixed: plain.levels,
    varianceInflation: plain.varianceInflation,
    carryOver: carryOverOf(cells, arm, request.alpha),
  };
  if (reading.covariates.length === 0)
    return {
      arm,
      control: request.control,
      ...before,
      unadjusted: null,
      varianceRemovedRatio: null,
      clustering: null,
      switchback,
      isExact: false,
    };
  const adjusted = regress(true);
  const { absolute, relative, pValue } = before;
  return {
    arm,
    control: request.control,
    ...read(adjusted),
    unadjusted: { ...absolute, relative, pValue },
    varianceRemovedRatio: 1 - (adjusted.absolute.standardError / plain.absolute.standardError) ** 2,
    clustering: null,
    switchback,
    isExact: false,
  };
}

/** Whether the arm of the window before still matters; null where it cannot be told. */
function carryOverOf(cells: readonly Cell[], arm: string, alpha: number): SwitchbackFacts['carryOver'] {
  const observations = cells.map(({ region, window, value, weight, ...cell }) => ({
    region,
    windowStartMs: window,
    isTreated: cell.arm === arm,
    total: value * weight,
    count: weight,
  }));
  try {
    const { previous } = carryOver(observations, { alpha, windowMs: 1, per: 'unit' });
    const { estimate, lower, upper, pValue } = previous;
    return { estimate, lower, upper, pValue };
  } catch (error) {
    // Too few windows in a row are no reason to hide the effect itself.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function regressed(
  { region, window, value, weight, covariates, ...cell }: Cell,
  arm: string,
  hasCovariates: boolean,
): SwitchbackCell {
  return { region, window, value, weight, isTreated: cell.arm === arm, covariates: hasCovariates ? covariates : [] };
}

function named<T>({ metric }: Reading, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AnalyzeError(`metric ${metric.expression}: ${error.message}`, { cause: error });
  }
}
