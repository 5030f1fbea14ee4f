import { sequentialCriticalValue } from '../confidence-sequence.ts';
import { normalTail } from '../normal.ts';
import type { Spending } from '../stopping/spending.ts';
import { groupSequentialPowerAt, plannedBoundaries } from './group-sequential-plan.ts';
import { tTestPower } from './noncentral-t.ts';

/** What one unit is like in control. */
export type Baseline =
  | { readonly kind: 'mean'; readonly mean: number; readonly standardDeviation: number }
  /** Between 0 and 1; the variance of an arm follows from its rate. */
  | { readonly kind: 'proportion'; readonly rate: number };

/** When one will look. */
export type PlannedStopping =
  | { readonly rule: 'fixed-horizon' }
  | { readonly rule: 'always-valid'; readonly tunedForCount?: number }
  | { readonly rule: 'group-sequential'; readonly spending: Spending; readonly looks: number };

/** One arm against control. */
export interface PlannedComparison {
  readonly baseline: Baseline;
  /** Share of the variance that covariates remove, in [0, 1); 0 without any. */
  readonly varianceRemovedRatio: number;
  /** Share of all units in control, and in the arm that is compared; together at most 1. */
  readonly shares: { readonly control: number; readonly treatment: number };
  readonly stopping: PlannedStopping;
  /** Two-sided. */
  readonly alpha: number;
}

/** Every arm needs this many units for its variance to mean anything. */
const LEAST_PER_ARM = 2;
const MOST_UNITS = 1e12;
/** An effect of this many standard errors is found. */
const CERTAIN = 100;

/**
 * The probability to find an effect, of either sign, once `units` units are there.
 * - fixed-horizon: Student's t-test (Cohen 1988), with Welch's standard error;
 * - group-sequential: the probability to cross a boundary at any look (Jennison & Turnbull 2000);
 * - always-valid: the probability that the confidence sequence excludes 0 at `units`. Who looks earlier too finds it at least as often.
 *
 * @param effect treatment minus control, in the baseline's unit
 * @param units all units of the experiment, in all arms
 * @throws RangeError for a plan or an effect that cannot be
 */
export function powerAt(plan: PlannedComparison, effect: number, units: number): number {
  return powerOf(plan)(effect, units);
}

/** The same for many effects and units: boundaries are computed once. */
function powerOf(plan: PlannedComparison): (effect: number, units: number) => number {
  assertPlan(plan);
  const { stopping, alpha, shares } = plan;
  const boundaries = stopping.rule === 'group-sequential' ? plannedBoundaries(stopping, alpha) : [];
  return (effect, units) => {
    const counts = { control: units * shares.control, treatment: units * shares.treatment };
    if (Math.min(counts.control, counts.treatment) < LEAST_PER_ARM) return 0;
    const variances = variancesUnder(plan, effect);
    const standardError = Math.sqrt(variances.control / counts.control + variances.treatment / counts.treatment);
    const drift = Math.abs(effect) / standardError;
    switch (stopping.rule) {
      case 'fixed-horizon':
        return tTestPower(drift, counts.control + counts.treatment - 2, alpha);
      case 'always-valid': {
        const count = counts.control + counts.treatment;
        const critical = sequentialCriticalValue({ ...tuning(stopping), count, alpha });
        return normalTail(critical - drift) + normalTail(critical + drift);
      }
      case 'group-sequential':
        // Far beyond any boundary the integration has nothing left to add.
        return drift > CERTAIN ? 1 : groupSequentialPowerAt(boundaries, drift);
    }
  };
}

/**
 * The smallest whole number of units, in all arms together, that finds an effect with the wanted power.
 *
 * @throws RangeError where no number of units does, or for a plan that cannot be
 */
export function neededUnits(plan: PlannedComparison, effect: number, power: number): number {
  assertPower(plan, power);
  if (effect === 0 || !Number.isFinite(effect)) throw new RangeError(`plan: the effect must not be 0, got ${effect}`);
  const powerFor = powerOf(plan);
  const isEnough = (units: number): boolean => powerFor(effect, units) >= power;
  let high = Math.ceil(LEAST_PER_ARM / Math.min(plan.shares.control, plan.shares.treatment));
  while (!isEnough(high)) {
    high *= 2;
    if (high > MOST_UNITS) throw new RangeError(`plan: an effect of ${effect} needs more than ${MOST_UNITS} units`);
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * The smallest effect upwards that so many units find with the wanted power, in the baseline's unit.
 *
 * @returns null where no effect that can be is found, as of a rate that would have to exceed 1
 * @throws RangeError for a plan that cannot be
 */
export function minimumDetectableEffect(plan: PlannedComparison, units: number, power: number): number | null {
  assertPower(plan, power);
  const { baseline } = plan;
  const largest = baseline.kind === 'proportion' ? 1 - baseline.rate : Infinity;
  const powerFor = powerOf(plan);
  const isFound = (effect: number): boolean => powerFor(effect, units) >= power;
  let high = Math.sqrt(variancesUnder(plan, 0).control / Math.max(1, units));
  while (!isFound(Math.min(high, largest))) {
    if (high >= largest || high > Number.MAX_VALUE / 4) return null;
    high *= 2;
  }
  high = Math.min(high, largest);
  let low = 0;
  for (let step = 0; step < 100 && high - low > 1e-10 * high; step += 1) {
    const middle = (low + high) / 2;
    if (isFound(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function variancesUnder({ baseline, varianceRemovedRatio }: PlannedComparison, effect: number) {
  const left = 1 - varianceRemovedRatio;
  if (baseline.kind === 'mean') {
    const variance = left * baseline.standardDeviation ** 2;
    return { control: variance, treatment: variance };
  }
  const rate = baseline.rate + effect;
  if (!(rate >= 0 && rate <= 1))
    throw new RangeError(`plan: an effect of ${effect} takes a rate of ${baseline.rate} out of 0 to 1`);
  return { control: left * baseline.rate * (1 - baseline.rate), treatment: left * rate * (1 - rate) };
}

function assertPlan({ baseline, varianceRemovedRatio, shares, alpha }: PlannedComparison): void {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`plan: alpha must lie between 0 and 1, got ${alpha}`);
  if (!(varianceRemovedRatio >= 0 && varianceRemovedRatio < 1))
    throw new RangeError(`plan: the share of variance removed must lie in [0, 1), got ${varianceRemovedRatio}`);
  if (!(shares.control > 0 && shares.treatment > 0 && shares.control + shares.treatment <= 1 + 1e-9))
    throw new RangeError(`plan: shares must be above 0 and at most 1, got ${shares.control} and ${shares.treatment}`);
  if (baseline.kind === 'proportion' && !(baseline.rate > 0 && baseline.rate < 1))
    throw new RangeError(`plan: a rate must lie between 0 and 1, got ${baseline.rate}`);
  if (baseline.kind === 'mean' && !(baseline.standardDeviation > 0 && Number.isFinite(baseline.standardDeviation)))
    throw new RangeError(`plan: the standard deviation must be above 0, got ${baseline.standardDeviation}`);
}

function assertPower({ alpha }: PlannedComparison, power: number): void {
  if (!(power > alpha && power < 1))
    throw new RangeError(`plan: power must lie between alpha (${alpha}) and 1, got ${power}`);
}

function tuning({ tunedForCount }: Extract<PlannedStopping, { rule: 'always-valid' }>) {
  return tunedForCount === undefined ? {} : { tunedForCount };
}
