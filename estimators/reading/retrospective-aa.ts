import { differenceOfMeans } from '../effect.ts';
import { jointMomentsFromSums, type JointMoments } from '../joint-moments.ts';
import { linearizedRatios, type RatioPair } from '../metrics/ratio.ts';
import type { Moments } from '../moments.ts';
import { seededRandom, type SeededRandom } from '../seeded-random.ts';

import { readLook, type StoppingRule } from '../stopping/stopping-rule.ts';
import { cupedSeveral } from '../variance/cuped-several.ts';
import { welch } from '../welch.ts';
import { hashSplit } from './hash-split.ts';

/** What real units were like while nothing was changed. */
export interface AaHistory {
  /** Numbers per unit, each as long as there are units, in the order in which units came. All are finite. */
  readonly numbers: readonly Float64Array[];
  /** The metric and then its covariates, as numbers over others; see `linearizedRatios`. */
  readonly pairs: readonly RatioPair[];
  /** Who the units are, as `hashSplit` takes them: they are then split by hash, as a platform does. Without: by dice. */
  readonly keys?: Float64Array;
}

export interface AaPlan {
  readonly stopping: Extract<StoppingRule, { readonly rule: 'fixed-horizon' | 'always-valid' }>;
  /** How often the units are split anew. */
  readonly splits: number;
  /** At how many evenly spaced numbers of units each split is looked at; a fixed horizon is looked at once. */
  readonly looks: number;
  readonly alpha: number;
  readonly seed: number;
}

/** One split of units that were treated alike. */
export interface AaSplit {
  /** Whether any look found a difference, which there is none of. */
  readonly isRejected: boolean;
  /** At the last look. */
  readonly pValue: number;
  readonly estimate: number;
  readonly standardError: number;
}

/**
 * Splits units that were all treated alike into two arms at random, again and again, and reads each split as an experiment would be. How often a
 * difference is found says whether the metric's intervals can be relied on with this many units: heavy tails, a few units that weigh as much as
 * all others, or a wrong unit of randomization show as too many or too few.
 *
 * Source: R. Kohavi, D. Tang, Y. Xu, "Trustworthy Online Controlled Experiments", Cambridge 2020, chapter 19 (replaying the last weeks as A/A
 * tests).
 *
 * @throws RangeError for fewer than eight units, numbers of different length, or a plan that cannot be
 */
export function retrospectiveAa(history: AaHistory, plan: AaPlan): readonly AaSplit[] {
  const { splits, looks, seed, stopping } = plan;
  assertPlan(history, plan);
  const centred = centre(history.numbers);
  const count = centred.count;
  const ends = stopping.rule === 'fixed-horizon' ? [count] : lookEnds(count, looks);
  const totals = sumsUpTo(centred, ends);
  const random = seededRandom(seed);
  return Array.from({ length: splits }, () => {
    const drawn = drawArm(centred, ends, splitOf(history, random));
    let last: AaReading | null = null;
    let isRejected = false;
    for (const [look, total] of totals.entries()) {
      const treated = drawn[look];
      if (treated === undefined) throw new RangeError('retrospective A/A: a look has no sums');
      const reading = readSplit(centred, { total, treated }, history.pairs, plan);
      if (reading === null) continue;
      last = reading;
      isRejected ||= reading.pValue <= plan.alpha;
    }
    if (last === null) throw new RangeError('retrospective A/A: nothing varies, so there is nothing to read');
    return { ...last, isRejected };
  });
}

/** Numbers as deviations from their means, so that sums of squares keep their digits. */
interface Centred {
  readonly count: number;
  readonly centres: readonly number[];
  readonly deviations: readonly Float64Array[];
}

function centre(numbers: readonly Float64Array[]): Centred {
  const count = numbers[0]?.length ?? 0;
  const centres = numbers.map((values) => values.reduce((sum, value) => sum + value, 0) / count);
  return {
    count,
    centres,
    deviations: numbers.map((values, index) => values.map((value) => value - (centres[index] ?? 0))),
  };
}

function lookEnds(count: number, looks: number): number[] {
  return Array.from({ length: looks }, (_, look) => Math.ceil((count * (look + 1)) / looks));
}

/** Count, sums and products, side by side. */
type Sums = Float64Array;

/** Whether a unit is treated, in one split. */
function splitOf({ keys }: AaHistory, random: SeededRandom): (unit: number) => boolean {
  if (keys === undefined) return () => random.uniform() < 0.5;
  const arms = hashSplit(keys, Math.floor(random.uniform() * 2 ** 32));
  return (unit) => arms[unit] === 1;
}

function drawArm(
  { deviations, count }: Centred,
  ends: readonly number[],
  isTreated: (unit: number) => boolean,
): Sums[] {
  const width = deviations.length;
  const running: Sums = new Float64Array(1 + width + width * width);
  const found: Sums[] = [];
  let look = 0;
  for (let unit = 0; unit < count; unit += 1) {
    if (isTreated(unit)) addUnit(running, deviations, unit);
    while (ends[look] === unit + 1) {
      found.push(running.slice());
      look += 1;
    }
  }
  return found;
}

function sumsUpTo(centred: Centred, ends: readonly number[]): Sums[] {
  return drawArm(centred, ends, () => true);
}

function addUnit(sums: Sums, deviations: readonly Float64Array[], unit: number): void {
  const width = deviations.length;
  sums[0] = (sums[0] ?? 0) + 1;
  for (let i = 0; i < width; i += 1) {
    const value = deviations[i]?.[unit] ?? NaN;
    sums[1 + i] = (sums[1 + i] ?? 0) + value;
    for (let j = 0; j <= i; j += 1) {
      const place = 1 + width + i * width + j;
      sums[place] = (sums[place] ?? 0) + value * (deviations[j]?.[unit] ?? NaN);
    }
  }
}

type AaReading = Omit<AaSplit, 'isRejected'>;

/** Null where an arm is too small yet, or nothing varies in it. */
function readSplit(
  centred: Centred,
  { total, treated }: { readonly total: Sums; readonly treated: Sums },
  pairs: readonly RatioPair[],
  { stopping, alpha }: AaPlan,
): AaReading | null {
  const control = total.map((value, index) => value - (treated[index] ?? 0));
  if ((control[0] ?? 0) < 2 || (treated[0] ?? 0) < 2) return null;
  const arms = [control, treated].map((sums) => momentsOf(centred, sums));
  const [a, b] = arms;
  if (a === undefined || b === undefined || !hasDenominators([a, b], pairs)) return null;
  const pair = cupedSeveral(linearizedRatios(a, pairs), linearizedRatios(b, pairs));
  if (!(pair.control.variance > 0) && !(pair.treatment.variance > 0)) return null;
  return readPair(pair, stopping, alpha);
}

function readPair(
  { control, treatment }: { readonly control: Moments; readonly treatment: Moments },
  stopping: AaPlan['stopping'],
  alpha: number,
): AaReading {
  const effect = differenceOfMeans(control, treatment);
  const { degreesOfFreedom } = welch(control, treatment, alpha);
  const count = control.count + treatment.count;
  const { pValue } = readLook(stopping, { effect, count, degreesOfFreedom, alpha });
  return { pValue, estimate: effect.estimate, standardError: effect.standardError };
}

function momentsOf({ centres }: Centred, sums: Sums): JointMoments {
  const width = centres.length;
  return jointMomentsFromSums({
    count: sums[0] ?? 0,
    centres,
    sums: [...sums.subarray(1, 1 + width)],
    products: centres.map((_, i) =>
      centres.map((__, j) => sums[1 + width + Math.max(i, j) * width + Math.min(i, j)] ?? NaN),
    ),
  });
}

function hasDenominators(arms: readonly JointMoments[], pairs: readonly RatioPair[]): boolean {
  return arms.every(({ means }) =>
    pairs.every(({ denominator }) => denominator === null || (means[denominator] ?? 0) > 0),
  );
}

const LEAST_UNITS = 8;

function assertPlan({ numbers, keys }: AaHistory, { splits, looks, alpha }: AaPlan): void {
  const count = numbers[0]?.length ?? 0;
  if (count < LEAST_UNITS) throw new RangeError(`retrospective A/A: needs at least ${LEAST_UNITS} units, got ${count}`);
  if (keys !== undefined && keys.length !== count)
    throw new RangeError(`retrospective A/A: there are ${keys.length} keys for ${count} units`);
  for (const values of numbers) {
    if (values.length !== count) throw new RangeError('retrospective A/A: the numbers are of different length');
    if (!values.every(Number.isFinite)) throw new RangeError('retrospective A/A: a number is not finite');
  }
  if (!Number.isSafeInteger(splits) || splits < 1)
    throw new RangeError(`retrospective A/A: splits must be a whole number of at least 1, got ${splits}`);
  if (!Number.isSafeInteger(looks) || looks < 1)
    throw new RangeError(`retrospective A/A: looks must be a whole number of at least 1, got ${looks}`);
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`retrospective A/A: alpha lies between 0 and 1, got ${alpha}`);
}
