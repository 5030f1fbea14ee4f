import { logGamma } from './log-gamma.ts';
import { assertWeights } from './sample-ratio.ts';

export interface SequentialSampleRatio {
  /**
   * Evidence against the weights, as a natural logarithm: units whose split is right keep the expectation of e to this power at 1 at every look, so that it
   * ever reaches 1 / alpha with probability at most alpha.
   */
  readonly logEValue: number;
  /** The smallest alpha at which this look would raise the alarm, at most 1. Valid however often one looks. */
  readonly pValue: number;
}

/** How many units the prior is worth: deviations of about half a percentage point are found soonest. Any value is valid. */
const PRIOR_UNITS = 10_000;

/**
 * Sample ratio test that may be watched all the time: a multinomial likelihood with a Dirichlet prior around the intended split over the likelihood of
 * the split itself, a martingale as units arrive one by one or in any batches.
 *
 * Source: M. Lindon, A. Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022, theorem 2.1, with a prior concentrated on the
 * null (equation 8).
 *
 * @param counts units by arm so far
 * @param weights the intended split, in any unit, all above 0
 * @throws RangeError as `sampleRatio`, but units need not be there
 */
export function sequentialSampleRatio(counts: readonly number[], weights: readonly number[]): SequentialSampleRatio {
  assertWeights(counts, weights);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const units = counts.reduce((sum, count) => sum + count, 0);
  let logEValue = logGamma(PRIOR_UNITS) - logGamma(PRIOR_UNITS + units);
  for (const [arm, count] of counts.entries()) {
    const share = (weights[arm] ?? NaN) / total;
    const prior = PRIOR_UNITS * share;
    logEValue += logGamma(prior + count) - logGamma(prior) - count * Math.log(share);
  }
  return { logEValue, pValue: Math.min(1, Math.exp(-logEValue)) };
}
