import type { Effect } from '../../effect.ts';
import type { OutcomeOfAttempt } from './outcome-of-attempt.ts';

/** An estimate beside what it becomes when something changes that should not matter. */
export interface StabilityReading {
  readonly outcome: OutcomeOfAttempt;
  /** In standard errors of the estimate. */
  readonly movedBy: number;
  readonly least: number;
  readonly most: number;
  /** Whether it changes its sign. */
  readonly flips: boolean;
}

/** In standard errors. A matched estimate moves by about one when its matches are drawn again, which a little less data or a column more makes it do. */
const MOVED = 2.5;
const MOVED_FAR = 3.5;

/**
 * Covariates of pure noise: on average over the draws the estimate must stay where it is. A single draw would not do: nearest neighbours are others with any
 * covariate more.
 *
 * Source: A. Sharma, E. Kıcıman, "DoWhy: an end-to-end library for causal inference", arXiv:2011.04216 (2020).
 *
 * @param estimates one for each draw of the noise, at least 1
 * @throws RangeError for none
 */
export function noiseReading(estimate: Effect, estimates: readonly number[]): StabilityReading {
  const range = rangeOf(estimates, estimate);
  const mean = estimates.reduce((sum, of) => sum + of, 0) / estimates.length;
  const movedBy = Math.abs(mean - estimate.estimate) / estimate.standardError;
  return { ...range, movedBy, outcome: movedBy > MOVED_FAR ? 'failed' : movedBy > MOVED ? 'undecided' : 'passed' };
}

/**
 * Each part of the units left out in turn. Of `g` parts the estimate moves by 1 / √(g − 1) standard errors, by chance; a part that moves it by far more holds
 * the few units that decide it.
 *
 * Source: the delete-a-group jackknife, J. Shao, D. Tu, The Jackknife and Bootstrap (1995), section 5.2.
 *
 * @param estimates one for each part that was left out, at least 1
 * @throws RangeError for none
 */
export function subsetReading(estimate: Effect, estimates: readonly number[]): StabilityReading {
  const range = rangeOf(estimates, estimate);
  const farthest = Math.max(estimate.estimate - range.least, range.most - estimate.estimate);
  const movedBy = farthest / estimate.standardError;
  const isDoubtful = movedBy > MOVED || range.flips;
  return { ...range, movedBy, outcome: movedBy > MOVED_FAR ? 'failed' : isDoubtful ? 'undecided' : 'passed' };
}

/**
 * A covariate that is left out. An estimate moves with it wherever the covariate is a confounder, so that alone is nothing bad: undecided where it moves by more
 * than half of itself and beyond chance, failed where it would clearly be the opposite.
 *
 * @param without the estimate without the covariate
 */
export function omissionReading(estimate: Effect, without: Effect): StabilityReading {
  const range = rangeOf([without.estimate], estimate);
  const moved = Math.abs(without.estimate - estimate.estimate);
  const movedBy = moved / estimate.standardError;
  const isOpposite = range.flips && Math.abs(without.estimate) > without.standardError;
  const isFar = movedBy > 2 && moved > 0.5 * Math.abs(estimate.estimate);
  return { ...range, movedBy, outcome: isOpposite ? 'failed' : isFar ? 'undecided' : 'passed' };
}

function rangeOf(
  estimates: readonly number[],
  { estimate, standardError }: Effect,
): Pick<StabilityReading, 'least' | 'most' | 'flips'> {
  if (estimates.length === 0) throw new RangeError('stability: there is no estimate to compare with');
  if (!(standardError > 0)) throw new RangeError(`stability: the standard error must be above 0, got ${standardError}`);
  let [least, most] = [Infinity, -Infinity];
  for (const of of estimates) {
    least = Math.min(least, of);
    most = Math.max(most, of);
  }
  const isOther = (of: number): boolean => Math.sign(of) !== Math.sign(estimate);
  return { least, most, flips: estimate !== 0 && (isOther(least) || isOther(most)) };
}
