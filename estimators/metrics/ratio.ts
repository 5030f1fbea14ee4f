import { combinedMoments, type JointMoments } from '../joint-moments.ts';

/** Which number over which other; `denominator: null` keeps the number as it is. */
export interface RatioPair {
  readonly numerator: number;
  readonly denominator: number | null;
}

/**
 * Ratios of two sums over units, Σ n_i / Σ d_i, each as a mean of one number per unit by the delta method: l_i = R + (n_i − R d_i) / d̄ with R
 * the ratio. The mean of l is R, and var(l) / count its variance, clustered by unit. As means of numbers per unit, ratios are adjusted by
 * covariates and compared as any mean is.
 *
 * Source: A. Deng, U. Knoblich, J. Lu, "Applying the delta method in metric analytics: a practical guide with novel ideas", KDD 2018,
 * equation 3.
 *
 * @param arm several numbers per unit
 * @param pairs places of the numbers
 * @returns one number per unit for each pair
 * @throws RangeError where denominators do not sum up to something above 0, or a place is not there
 */
export function linearizedRatios(arm: JointMoments, pairs: readonly RatioPair[]): JointMoments {
  const rows = pairs.map(({ numerator, denominator }) => {
    const weights = arm.means.map(() => 0);
    if (denominator === null) {
      weights[numerator] = 1;
      return { weights, constant: 0 };
    }
    const mean = meanOf(arm, denominator);
    if (!(mean > 0)) throw new RangeError(`ratio: the mean denominator must be above 0, got ${mean}`);
    const ratio = meanOf(arm, numerator) / mean;
    weights[numerator] = 1 / mean;
    weights[denominator] = (weights[denominator] ?? 0) - ratio / mean;
    return { weights, constant: ratio };
  });
  return combinedMoments(
    arm,
    rows.map(({ weights }) => weights),
    rows.map(({ constant }) => constant),
  );
}

function meanOf({ means }: JointMoments, index: number): number {
  const mean = means[index];
  if (mean === undefined) throw new RangeError(`ratio: there is no number ${index}`);
  return mean;
}
