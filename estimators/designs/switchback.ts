import { readByStudent, type DesignedEffect } from './effect-reading.ts';
import { fixedEffectCount, withinRegionAndTime } from './fixed-effects.ts';
import { defaultMaximumLag, hacRegression, type HacCoefficient, type HacInput } from './hac-regression.ts';
import { panelOf, type Panel, type WindowObservation } from './window.ts';

export type FixedEffects = 'none' | 'region' | 'region-and-time';

export interface SwitchbackOptions {
  /** Two-sided error level of one look, default 0.05. */
  readonly alpha?: number;
  /** Length of a window, ms; without it the smallest distance between two starts. */
  readonly windowMs?: number;
  /** What counts once: each window (default), or each of the units that the windows count. */
  readonly per?: 'window' | 'unit';
  /** What is held fixed by indicators: nothing (default), each region's level, or that and each time's. */
  readonly fixedEffects?: FixedEffects;
  /** Windows over which errors may be correlated; default: Newey & West's for the average region. */
  readonly maximumLag?: number;
}

export interface SwitchbackResult {
  /** Treatment minus control. */
  readonly effect: DesignedEffect;
  readonly control: SwitchbackArm;
  readonly treatment: SwitchbackArm;
  /** Of control's mean. */
  readonly controlStandardError: number;
  readonly regionCount: number;
  readonly maximumLag: number;
  readonly method: string;
}

export interface SwitchbackArm {
  readonly windowCount: number;
  readonly mean: number;
}

/**
 * Effect of a switchback experiment: the difference of the windows' means, or the coefficient of the treatment with region and time held
 * fixed, with a Newey–West standard error within regions and Satterthwaite's degrees of freedom. The windows are the units: how many users
 * were in them does not narrow anything.
 *
 * @throws RangeError for windows that cannot be, or an arm with fewer than two of them
 */
export function readSwitchback(
  observations: readonly WindowObservation[],
  options: SwitchbackOptions = {},
): SwitchbackResult {
  const panel = panelOf(observations, options.windowMs);
  const { fixedEffects = 'none', alpha = 0.05 } = options;
  const weights = weightsOf(panel, options);
  const maximumLag = lagOf(panel, options);
  const input = inputOf(panel, weights, maximumLag);
  const plain = plainCoefficients(input);
  const [coefficient] = regress(input, fixedEffects);
  if (coefficient === undefined) throw new RangeError('switchback: there is no effect to read');
  return {
    effect: readByStudent('switchback', coefficient, alpha),
    control: armOf(panel, weights, false),
    treatment: armOf(panel, weights, true),
    controlStandardError: plain.control.standardError,
    regionCount: panel.regionCount,
    maximumLag,
    method: `difference of windows${HELD_FIXED[fixedEffects]}, Newey–West over ${maximumLag} ${maximumLag === 1 ? 'window' : 'windows'} within region`,
  };
}

export interface CarryOverResult {
  /** Effect of the window before, its own arm held fixed. */
  readonly previous: DesignedEffect;
  /** Effect of the window's own arm when the one before is held fixed. */
  readonly own: DesignedEffect;
  /** Windows that have one right before them. */
  readonly windowCount: number;
}

/**
 * Whether the arm of the window before still matters: regression on the own and the previous arm. Where it does, windows are too short or
 * the burn-in is, and the plain difference is biased towards 0 (or past it).
 *
 * Source: I. Bojinov, D. Simchi-Levi, J. Zhao, "Design and analysis of switchback experiments", Management Science 69 (2023), section 5.
 *
 * @throws RangeError where too few windows follow one another, or the arms of neighbours always agree
 */
export function carryOver(
  observations: readonly WindowObservation[],
  options: SwitchbackOptions = {},
): CarryOverResult {
  const panel = panelOf(observations, options.windowMs);
  const weights = weightsOf(panel, options);
  const pairs = panel.rows.flatMap((row, i) => {
    const before = panel.rows[i - 1];
    const follows = before !== undefined && before.region === row.region && before.position === row.position - 1;
    return follows ? [{ row, before, weight: weights[i] ?? 1 }] : [];
  });
  const places = { series: pairs.map(({ row }) => row.region), positions: pairs.map(({ row }) => row.position) };
  const input = {
    regressors: pairs.map(({ row, before }) => [Number(row.isTreated), Number(before.isTreated)]),
    outcomes: pairs.map(({ row }) => row.value),
    weights: pairs.map(({ weight }) => weight),
    ...places,
    maximumLag: lagOf(panel, options),
    correction: 'unbiased',
  } as const;
  const [own, previous] = regress(input, options.fixedEffects ?? 'none');
  if (own === undefined || previous === undefined) throw new RangeError('carry-over: there are no windows in a row');
  const alpha = options.alpha ?? 0.05;
  return {
    previous: readByStudent('carry-over', previous, alpha),
    own: readByStudent('carry-over', own, alpha),
    windowCount: pairs.length,
  };
}

function weightsOf({ rows }: Panel, { per = 'window' }: SwitchbackOptions): number[] {
  return rows.map(({ count }) => (per === 'unit' ? count : 1));
}

function lagOf({ rows, regionCount }: Panel, { maximumLag }: SwitchbackOptions): number {
  if (maximumLag === undefined) return defaultMaximumLag(Math.round(rows.length / regionCount));
  if (Number.isSafeInteger(maximumLag) && maximumLag >= 0) return maximumLag;
  throw new RangeError(`switchback: the largest lag must be a whole number of windows, got ${maximumLag}`);
}

function placesOf({ rows }: Panel): Pick<HacInput, 'series' | 'positions'> {
  return { series: rows.map(({ region }) => region), positions: rows.map(({ position }) => position) };
}

type Regression = HacInput & { readonly weights: readonly number[] };

function inputOf(panel: Panel, weights: readonly number[], maximumLag: number): Regression {
  return {
    regressors: panel.rows.map(({ isTreated }) => [Number(isTreated)]),
    outcomes: panel.rows.map(({ value }) => value),
    weights,
    ...placesOf(panel),
    maximumLag,
    correction: 'unbiased',
  };
}

/** Control's mean and the effect. */
function plainCoefficients(input: Regression): { readonly control: HacCoefficient; readonly effect: HacCoefficient } {
  const [control, effect] = withConstant(input);
  if (control === undefined || effect === undefined) throw new RangeError('switchback: there is no effect to read');
  return { control, effect };
}

function withConstant(input: Regression): readonly HacCoefficient[] {
  return hacRegression({ ...input, regressors: input.regressors.map((row) => [1, ...row]) });
}

/** Coefficients without the constant's. */
function plainRegression(input: Regression): readonly HacCoefficient[] {
  return withConstant(input).slice(1);
}

const HELD_FIXED: Readonly<Record<FixedEffects, string>> = {
  none: '',
  region: ', region held fixed',
  'region-and-time': ', region and time held fixed',
};

function regress(input: Regression, fixedEffects: FixedEffects): readonly HacCoefficient[] {
  if (fixedEffects === 'none') return plainRegression(input);
  // One time for all: then the levels of times are the constant alone.
  const times = fixedEffects === 'region' ? input.positions.map(() => 0) : input.positions;
  return withinRegression(input, times);
}

/** Coefficients with region and time held fixed. */
function withinRegression(input: Regression, times: readonly number[]): readonly HacCoefficient[] {
  const { series, weights, regressors } = input;
  const within = (values: readonly number[]): number[] => withinRegionAndTime(values, series, times, weights);
  const columns = (regressors[0] ?? []).map((_, j) => within(regressors.map((row) => row[j] ?? 0)));
  if (columns.some((column) => column.every((value) => Math.abs(value) < 1e-9))) {
    throw new RangeError(
      'switchback: with levels held fixed the arm does not vary; let regions differ in their arms at a time, or hold less fixed',
    );
  }
  return hacRegression({
    ...input,
    regressors: regressors.map((_, i) => columns.map((column) => column[i] ?? 0)),
    outcomes: within(input.outcomes),
    absorbedCount: fixedEffectCount(series, times),
  });
}

function armOf({ rows }: Panel, weights: readonly number[], isTreated: boolean): SwitchbackArm {
  let [weight, total, windowCount] = [0, 0, 0];
  for (const [i, row] of rows.entries()) {
    if (row.isTreated !== isTreated) continue;
    windowCount += 1;
    weight += weights[i] ?? 0;
    total += (weights[i] ?? 0) * row.value;
  }
  return { windowCount, mean: total / weight };
}
