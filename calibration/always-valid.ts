import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { cuped } from '../estimators/cuped.ts';
import { differenceOfMeans, type Effect } from '../estimators/effect.ts';
import { jointMomentsFromSums, momentsAt } from '../estimators/joint-moments.ts';
import { linearizedRatios } from '../estimators/metrics/ratio.ts';
import { momentsFromSums, type Moments } from '../estimators/moments.ts';
import { relativeLift } from '../estimators/relative-lift.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import { addLook, emptySums, type ArmSums, type Scenario } from './arm-stream.ts';
import { share, type Share } from './monte-carlo.ts';

export const LOOKS = 100;
export const ALPHA = 0.05;
/** Nobody reads a confidence sequence below this; the scorecard does not. */
const FIRST_UNITS = 100;

export type SequentialMethod = 'difference' | 'relative' | 'CUPED' | 'ratio' | 'fixed test, looked at each time';
export const SEQUENTIAL_METHODS: readonly SequentialMethod[] = [
  'difference',
  'relative',
  'CUPED',
  'ratio',
  'fixed test, looked at each time',
];

export interface SequentialResult {
  readonly scenario: Scenario;
  readonly method: SequentialMethod;
  /** Experiments that were wrong at any look. */
  readonly everWrong: Share;
  /** Share of experiments that had been wrong by each look. */
  readonly wrongBy: readonly number[];
}

/** Experiments without an effect, each looked at `LOOKS` times by every method. */
export function simulateAlwaysValid(scenario: Scenario, { runs, seed }: Runs): SequentialResult[] {
  const random = seededRandom(seed);
  const firstWrong = SEQUENTIAL_METHODS.map(() => new Int32Array(LOOKS + 1));
  for (let run = 0; run < runs; run += 1) {
    const arms = [emptySums(), emptySums()] as const;
    const isWrong = SEQUENTIAL_METHODS.map(() => false);
    for (let look = 1; look <= LOOKS; look += 1) {
      for (const arm of arms) addLook(arm, scenario, look, random);
      if (arms[0].count < FIRST_UNITS) continue;
      for (const [index, method] of SEQUENTIAL_METHODS.entries()) {
        if (isWrong[index] === true || !excludesZero(method, arms[0], arms[1])) continue;
        isWrong[index] = true;
        const counts = firstWrong[index];
        if (counts !== undefined) counts[look] = (counts[look] ?? 0) + 1;
      }
    }
  }
  return SEQUENTIAL_METHODS.map((method, index) => {
    const wrongBy = cumulated(firstWrong[index] ?? new Int32Array(0), runs);
    return { scenario, method, everWrong: share(Math.round((wrongBy.at(-1) ?? 0) * runs), runs), wrongBy };
  });
}

export interface Runs {
  readonly runs: number;
  readonly seed: number;
}

function cumulated(counts: Int32Array, runs: number): number[] {
  let sum = 0;
  return Array.from(counts, (count) => (sum += count) / runs);
}

function excludesZero(method: SequentialMethod, control: ArmSums, treatment: ArmSums): boolean {
  const count = control.count + treatment.count;
  const effect = effectOf(method, control, treatment);
  if (effect === null || !(effect.standardError > 0)) return false;
  if (method === 'fixed test, looked at each time') return Math.abs(effect.estimate) > 1.959964 * effect.standardError;
  const { lower, upper } = confidenceSequence({ ...effect, count, alpha: ALPHA });
  return lower > 0 || upper < 0;
}

function effectOf(method: SequentialMethod, control: ArmSums, treatment: ArmSums): Effect | null {
  switch (method) {
    case 'difference':
    case 'fixed test, looked at each time':
      return differenceOfMeans(momentsOf(control), momentsOf(treatment));
    case 'relative':
      return relativeLift(momentsOf(control), momentsOf(treatment));
    case 'CUPED': {
      const adjusted = cuped(covariateSums(control), covariateSums(treatment));
      return differenceOfMeans(adjusted.control, adjusted.treatment);
    }
    case 'ratio':
      return differenceOfMeans(ratioOf(control), ratioOf(treatment));
  }
}

export function momentsOf({ count, y, yy }: ArmSums): Moments {
  return momentsFromSums({ count, sum: y, sumOfSquares: yy });
}

export function covariateSums({ count, y, yy, x, xx, xy }: ArmSums) {
  return { count, sumY: y, sumYY: yy, sumX: x, sumXX: xx, sumXY: xy };
}

export function ratioOf({ count, y, yy, d, dd, yd }: ArmSums): Moments {
  const products = [
    [yy, yd],
    [yd, dd],
  ];
  const arm = jointMomentsFromSums({ count, centres: [0, 0], sums: [y, d], products });
  return momentsAt(linearizedRatios(arm, [{ numerator: 0, denominator: 1 }]), 0);
}
