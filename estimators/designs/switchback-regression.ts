import { inverse, Matrix } from 'ml-matrix';
import type { Effect } from '../effect.ts';
import { fixedEffectCount, withinRegionAndTime } from './fixed-effects.ts';
import { defaultMaximumLag, hacRegression } from './hac-regression.ts';

/** One region in one window of time: the whole of it had one arm. */
export interface SwitchbackCell {
  readonly region: string;
  /** The window's place in time, a whole number; neighbours differ by 1. */
  readonly window: number;
  readonly isTreated: boolean;
  /** The mean of the cell, or its ratio. */
  readonly value: number;
  /** What the mean is over: units, or the ratio's denominator; above 0. */
  readonly weight: number;
  /** Known before the window began, the same number in every cell; none is fine. */
  readonly covariates: readonly number[];
}

export interface SwitchbackEffect {
  /** Treatment minus control, in the unit of the values. */
  readonly absolute: Effect;
  /** Over control's weighted mean; null where that is not bounded away from 0. */
  readonly relative: Effect | null;
  readonly controlMean: number;
  readonly treatmentMean: number;
  /** Satterthwaite's, see `hacRegression`. */
  readonly degreesOfFreedom: number;
  /** Windows over which cells of a region may depend on each other. */
  readonly maxLag: number;
  /** What was held fixed. */
  readonly levels: 'region and window' | 'region';
  /** Variance over what it would be if cells did not depend on each other; above 1 where neighbours resemble each other. */
  readonly varianceInflation: number;
}

/** Control's mean has to be this many standard errors away from 0, or a ratio to it means nothing. */
const BOUNDED_AWAY_STANDARD_ERRORS = 4;

/**
 * The effect of a switchback: the slope of treatment in a weighted regression on treatment, covariates and one level per region and window; where
 * all regions have the same arm at a time, one level per region only. Its standard error allows for cells of a region that depend on each
 * other up to `maxLag` windows apart, see `hacRegression`.
 *
 * Source: I. Bojinov, D. Simchi-Levi, J. Zhao, "Design and analysis of switchback experiments", Management Science 69 (2023), 3759–3777;
 * levels are removed by the Frisch–Waugh–Lovell theorem, see `withinRegionAndTime`, and the variance is unbiased for few windows.
 *
 * @param given in any order
 * @param maxLag default: Newey & West's for the average region, at least 1
 * @throws RangeError where no region has cells of both arms, cells are too few, or nothing varies
 */
export function switchbackRegression(
  given: readonly SwitchbackCell[],
  maxLag = Math.max(1, defaultMaximumLag(Math.round(given.length / new Set(given.map(({ region }) => region)).size))),
): SwitchbackEffect {
  const cells = given.toSorted((a, b) => (a.region < b.region ? -1 : a.region > b.region ? 1 : a.window - b.window));
  assertCells(cells);
  const levels = levelsOf(cells);
  const places = { series: cells.map(({ region }) => region), positions: cells.map(({ window }) => window) };
  const weights = cells.map(({ weight }) => weight);
  const columns = [
    levels.treated,
    ...(cells[0]?.covariates ?? []).map((_, k) => levels.within((cell) => cell.covariates[k] ?? NaN)),
  ];
  const regressors = cells.map((_, i) => columns.map((column) => column[i] ?? NaN));
  const outcomes = levels.within(({ value }) => value);
  const [effect] = hacRegression({
    regressors,
    outcomes,
    weights,
    ...places,
    maximumLag: maxLag,
    absorbedCount: levels.count,
    correction: 'unbiased',
  });
  if (effect === undefined || !(effect.standardError > 0))
    throw new RangeError('switchback: nothing varies beside the levels of regions and windows');
  const influence = influenceOf(regressors, outcomes, weights);
  // What makes the absolute effect's variance right on average is applied to the relative one as well.
  const correction = effect.standardError ** 2 / hacVariance(cells, influence, maxLag);
  return {
    absolute: { estimate: effect.estimate, standardError: effect.standardError },
    relative: relativeEffect(cells, effect.estimate, influence, { maxLag, correction }),
    controlMean: weightedMean(cells.filter(({ isTreated }) => !isTreated)),
    treatmentMean: weightedMean(cells.filter(({ isTreated }) => isTreated)),
    degreesOfFreedom: effect.degreesOfFreedom,
    maxLag,
    levels: levels.of,
    varianceInflation: hacVariance(cells, influence, maxLag) / hacVariance(cells, influence, 0),
  };
}

interface Levels {
  readonly of: SwitchbackEffect['levels'];
  readonly count: number;
  readonly treated: readonly number[];
  within(number: (cell: SwitchbackCell) => number): number[];
}

/** What is left of a 0 or 1 by rounding, where levels determine it. */
const ROUNDING = 1e-9;

function levelsOf(cells: readonly SwitchbackCell[]): Levels {
  const regions = cells.map(({ region }) => region);
  const windows = cells.map(({ window }) => window);
  const weights = cells.map(({ weight }) => weight);
  const isTreated = ({ isTreated: treated }: SwitchbackCell): number => Number(treated);
  for (const [of, positions] of [
    ['region and window', windows],
    ['region', windows.map(() => 0)],
  ] as const) {
    const within = (number: (cell: SwitchbackCell) => number): number[] =>
      withinRegionAndTime(cells.map(number), regions, positions, weights);
    const treated = within(isTreated);
    const count = fixedEffectCount(regions, positions);
    if (treated.some((value) => Math.abs(value) > ROUNDING) && cells.length > count + 1)
      return { of, count, treated, within };
  }
  throw new RangeError('switchback: no region has windows of both arms');
}

/** How much each cell moves the effect: (X'WX)⁻¹ X'We, its first row. */
function influenceOf(
  regressors: readonly (readonly number[])[],
  outcomes: readonly number[],
  weights: readonly number[],
): number[] {
  const x = new Matrix(regressors.map((row) => [...row]));
  const weighted = new Matrix(regressors.map((row, i) => row.map((entry) => entry * (weights[i] ?? NaN))));
  const bread = inverse(weighted.transpose().mmul(x));
  const slopes = bread.mmul(weighted.transpose().mmul(Matrix.columnVector([...outcomes])));
  const residuals = Matrix.sub(Matrix.columnVector([...outcomes]), x.mmul(slopes));
  return weighted
    .mmul(bread)
    .getColumn(0)
    .map((each, i) => each * residuals.get(i, 0));
}

function assertCells(cells: readonly SwitchbackCell[]): void {
  for (const { region, window, weight, value, covariates } of cells) {
    const numbers = [window, weight, value, ...covariates];
    if (!numbers.every(Number.isFinite) || !(weight > 0))
      throw new RangeError(
        `switchback: region ${region}, window ${window} has numbers that cannot be: ${numbers.join(', ')}`,
      );
  }
}

/** The delta method for effect / control's mean, by the cells' influence on both. */
function relativeEffect(
  cells: readonly SwitchbackCell[],
  estimate: number,
  influence: readonly number[],
  { maxLag, correction }: { readonly maxLag: number; readonly correction: number },
): Effect | null {
  const control = cells.filter(({ isTreated }) => !isTreated);
  const mean = weightedMean(control);
  const total = control.reduce((sum, { weight }) => sum + weight, 0);
  const onMean = cells.map(({ isTreated, value, weight }) => (isTreated ? 0 : (weight * (value - mean)) / total));
  const meanError = Math.sqrt(correction * Math.max(0, hacVariance(cells, onMean, maxLag)));
  if (mean === 0 || Math.abs(mean) <= BOUNDED_AWAY_STANDARD_ERRORS * meanError) return null;
  const onRatio = influence.map((each, i) => (each - (estimate / mean) * (onMean[i] ?? 0)) / Math.abs(mean));
  const variance = correction * hacVariance(cells, onRatio, maxLag);
  return variance > 0 ? { estimate: estimate / Math.abs(mean), standardError: Math.sqrt(variance) } : null;
}

/** Σ over regions and pairs of cells at most `maxLag` windows apart of K(lag) · ψ ψ′, K by Bartlett. */
function hacVariance(cells: readonly SwitchbackCell[], influence: readonly number[], maxLag: number): number {
  const byRegion = new Map<string, Map<number, number>>();
  for (const [i, { region, window }] of cells.entries()) {
    const series = byRegion.get(region) ?? new Map<number, number>();
    if (series.has(window)) throw new RangeError(`switchback: region ${region} has window ${window} twice`);
    byRegion.set(region, series.set(window, influence[i] ?? NaN));
  }
  let variance = 0;
  for (const series of byRegion.values())
    for (const [window, value] of series)
      for (let lag = 0; lag <= maxLag; lag += 1) {
        const later = series.get(window + lag) ?? 0;
        variance += (lag === 0 ? 1 : 2 * (1 - lag / (maxLag + 1))) * value * later;
      }
  return variance;
}

function weightedMean(cells: readonly SwitchbackCell[]): number {
  const total = cells.reduce((sum, { weight }) => sum + weight, 0);
  return cells.reduce((sum, { weight, value }) => sum + weight * value, 0) / total;
}
