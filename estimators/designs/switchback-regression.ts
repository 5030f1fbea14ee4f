import { Matrix, solve } from 'ml-matrix';
import type { Effect } from '../effect.ts';

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
  /** Cells minus regions minus slopes. */
  readonly degreesOfFreedom: number;
  /** Windows over which cells of a region may depend on each other. */
  readonly maxLag: number;
  /** Variance over what it would be if cells did not depend on each other; above 1 where neighbours resemble each other. */
  readonly varianceInflation: number;
}

/** Control's mean has to be this many standard errors away from 0, or a ratio to it means nothing. */
const BOUNDED_AWAY_STANDARD_ERRORS = 4;

/**
 * The effect of a switchback: the slope of treatment in a weighted regression on treatment, covariates and one level per region. Its standard
 * error allows for cells of a region that depend on each other up to `maxLag` windows apart (Bartlett weights); regions are independent.
 *
 * Sources: W. K. Newey, K. D. West, "A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance matrix",
 * Econometrica 55 (1987), 703–708; I. Bojinov, D. Simchi-Levi, J. Zhao, "Design and analysis of switchback experiments", Management
 * Science 69 (2023), 3759–3777. Levels are removed by the Frisch-Waugh-Lovell theorem; correction n / (n − k) as in Stata's `newey`.
 *
 * @param maxLag default: Newey and West's ⌊4 (T / 100)^(2/9)⌋, T the windows, at least 1
 * @throws RangeError where no region has cells of both arms, cells are too few, or nothing varies
 */
export function switchbackRegression(cells: readonly SwitchbackCell[], maxLag = automaticLag(cells)): SwitchbackEffect {
  if (!Number.isSafeInteger(maxLag) || maxLag < 0) throw new RangeError(`switchback: maxLag is ${maxLag}`);
  const regressors = withinRegions(cells, ({ isTreated, covariates }) => [isTreated ? 1 : 0, ...covariates]);
  const values = withinRegions(cells, ({ value }) => [value]).map(([value = NaN]) => value);
  const columns = cells[0] === undefined ? 0 : cells[0].covariates.length + 1;
  const regionCount = new Set(cells.map(({ region }) => region)).size;
  const degreesOfFreedom = cells.length - regionCount - columns;
  if (degreesOfFreedom < 1)
    throw new RangeError(`switchback: ${cells.length} cells of ${regionCount} regions are too few`);
  const x = new Matrix(regressors);
  const weighted = new Matrix(regressors.map((row, i) => row.map((entry) => entry * (cells[i]?.weight ?? NaN))));
  const normal = weighted.transpose().mmul(x);
  if (!(normal.get(0, 0) > 0)) throw new RangeError('switchback: no region has windows of both arms');
  const slopes = solve(normal, weighted.transpose().mmul(Matrix.columnVector(values)), true).to1DArray();
  // The first row of the inverse turns scores into the influence of each cell on the effect.
  const unit = Array.from({ length: columns }, (_, index) => (index === 0 ? 1 : 0));
  const row = solve(normal, Matrix.columnVector(unit), true).to1DArray();
  const influence = regressors.map((entries, i) => {
    const fitted = entries.reduce((sum, entry, j) => sum + entry * (slopes[j] ?? 0), 0);
    const projected = entries.reduce((sum, entry, j) => sum + entry * (row[j] ?? 0), 0);
    return projected * (cells[i]?.weight ?? NaN) * ((values[i] ?? NaN) - fitted);
  });
  const correction = cells.length / degreesOfFreedom;
  const variance = correction * hacVariance(cells, influence, maxLag);
  if (!(variance > 0)) throw new RangeError('switchback: nothing varies within the regions');
  const absolute = { estimate: slopes[0] ?? NaN, standardError: Math.sqrt(variance) };
  return {
    absolute,
    relative: relativeEffect(cells, absolute.estimate, influence, { maxLag, correction }),
    controlMean: weightedMean(cells.filter(({ isTreated }) => !isTreated)),
    treatmentMean: weightedMean(cells.filter(({ isTreated }) => isTreated)),
    degreesOfFreedom,
    maxLag,
    varianceInflation: variance / (correction * hacVariance(cells, influence, 0)),
  };
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

/** Deviations from the region's weighted mean. */
function withinRegions(
  cells: readonly SwitchbackCell[],
  numbers: (cell: SwitchbackCell) => readonly number[],
): number[][] {
  const levels = new Map<string, { weight: number; sums: number[] }>();
  for (const cell of cells) {
    if (!(cell.weight > 0) || !Number.isFinite(cell.weight))
      throw new RangeError(`switchback: region ${cell.region}, window ${cell.window} has weight ${cell.weight}`);
    const of = numbers(cell);
    const level = levels.get(cell.region) ?? { weight: 0, sums: of.map(() => 0) };
    level.weight += cell.weight;
    level.sums = level.sums.map((sum, index) => sum + cell.weight * finite(of[index], cell));
    levels.set(cell.region, level);
  }
  return cells.map((cell) => {
    const level = levels.get(cell.region);
    return numbers(cell).map((number, index) => number - (level?.sums[index] ?? NaN) / (level?.weight ?? NaN));
  });
}

function finite(value: number | undefined, { region, window }: SwitchbackCell): number {
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new RangeError(`switchback: region ${region}, window ${window} has a number ${value}`);
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

function automaticLag(cells: readonly SwitchbackCell[]): number {
  const windows = new Set(cells.map(({ window }) => window)).size;
  return Math.max(1, Math.floor(4 * (windows / 100) ** (2 / 9)));
}
