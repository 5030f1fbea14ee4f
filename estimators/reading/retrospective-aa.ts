import { differenceOfMeans } from '../effect.ts';
import type { JointMoments } from '../joint-moments.ts';
import { linearizedRatios, type RatioPair } from '../metrics/ratio.ts';
import type { Moments } from '../moments.ts';
import { seededRandom } from '../seeded-random.ts';

import { readLook, type StoppingRule } from '../stopping/stopping-rule.ts';
import { cupedSeveral } from '../variance/cuped-several.ts';
import { welch } from '../welch.ts';
import { hashSplitter } from './hash-split.ts';
import { momentsOfArm, remaining, splitNumbers, sumsUpTo, type ArmSums, type SplitNumbers } from './split-sums.ts';

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
export function retrospectiveAa(history: AaHistory, { stopping, ...plan }: AaPlan): readonly AaSplit[] {
  const [splits = []] = retrospectiveAas(history, plan, [stopping]);
  return splits;
}

/**
 * The same for several stopping rules, which read the same splits.
 *
 * @returns the splits as each rule reads them
 */
export function retrospectiveAas(
  history: AaHistory,
  plan: Omit<AaPlan, 'stopping'>,
  rules: readonly AaPlan['stopping'][],
): readonly (readonly AaSplit[])[] {
  assertPlan(history, plan);
  const numbers = splitNumbers(history.numbers);
  const isWatched = rules.some(({ rule }) => rule === 'always-valid');
  const ends = isWatched ? lookEnds(numbers.count, plan.looks) : [numbers.count];
  const totals = sumsUpTo(numbers, new Uint8Array(numbers.count).fill(1), ends);
  const draw = drawing(history, numbers.count, plan.seed);
  const found = rules.map((): AaSplit[] => []);
  for (let split = 0; split < plan.splits; split += 1) {
    const treated = sumsUpTo(numbers, draw(), ends);
    for (const [index, stopping] of rules.entries()) {
      const looks = stopping.rule === 'fixed-horizon' ? [ends.length - 1] : [...ends.keys()];
      const arms = looks.map((look) => armsAt(numbers, totals[look], treated[look], history.pairs));
      found[index]?.push(readLooks(arms, { ...plan, stopping }));
    }
  }
  return found;
}

function readLooks(looks: readonly (Arms | null)[], { stopping, alpha }: AaPlan): AaSplit {
  let last: AaReading | null = null;
  let isRejected = false;
  for (const arms of looks) {
    if (arms === null) continue;
    last = readPair(arms, stopping, alpha);
    isRejected ||= last.pValue <= alpha;
  }
  if (last === null) throw new RangeError('retrospective A/A: nothing varies, so there is nothing to read');
  return { ...last, isRejected };
}

/** Draws the arms of one split after the other, into the same array. */
function drawing({ keys }: AaHistory, count: number, seed: number): () => Uint8Array {
  const random = seededRandom(seed);
  const arms = new Uint8Array(count);
  if (keys === undefined)
    return () => {
      for (let unit = 0; unit < count; unit += 1) arms[unit] = random.uniform() < 0.5 ? 1 : 0;
      return arms;
    };
  const deal = hashSplitter(keys);
  return () => {
    deal(Math.floor(random.uniform() * 2 ** 32), arms);
    return arms;
  };
}

function lookEnds(count: number, looks: number): number[] {
  return Array.from({ length: looks }, (_, look) => Math.ceil((count * (look + 1)) / looks));
}

interface Arms {
  readonly control: Moments;
  readonly treatment: Moments;
}

type AaReading = Omit<AaSplit, 'isRejected'>;

/** After the adjustment by covariates; null where an arm is too small yet, or nothing varies in it. */
function armsAt(
  numbers: SplitNumbers,
  total: ArmSums | undefined,
  treated: ArmSums | undefined,
  pairs: readonly RatioPair[],
): Arms | null {
  if (total === undefined || treated === undefined) throw new RangeError('retrospective A/A: a look has no sums');
  const control = remaining(total, treated);
  if (control.count < 2 || treated.count < 2) return null;
  const [a, b] = [momentsOfArm(numbers, control), momentsOfArm(numbers, treated)];
  if (!hasDenominators([a, b], pairs)) return null;
  const pair = cupedSeveral(linearizedRatios(a, pairs), linearizedRatios(b, pairs));
  return pair.control.variance > 0 || pair.treatment.variance > 0 ? pair : null;
}

function readPair({ control, treatment }: Arms, stopping: AaPlan['stopping'], alpha: number): AaReading {
  const effect = differenceOfMeans(control, treatment);
  const { degreesOfFreedom } = welch(control, treatment, alpha);
  const count = control.count + treatment.count;
  const { pValue } = readLook(stopping, { effect, count, degreesOfFreedom, alpha });
  return { pValue, estimate: effect.estimate, standardError: effect.standardError };
}

function hasDenominators(arms: readonly JointMoments[], pairs: readonly RatioPair[]): boolean {
  return arms.every(({ means }) =>
    pairs.every(({ denominator }) => denominator === null || (means[denominator] ?? 0) > 0),
  );
}

const LEAST_UNITS = 8;

function assertPlan({ numbers, keys }: AaHistory, { splits, looks, alpha }: Omit<AaPlan, 'stopping'>): void {
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
