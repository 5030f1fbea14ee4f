import type { CovariateSums } from '../cuped.ts';
import { jointMomentsFromSums } from '../joint-moments.ts';
import { linearizedRatios } from './ratio.ts';

/** Sums over the units of one arm: numerator y, denominator d, and a covariate x of the unit from before the treatment. */
export interface RatioSums extends CovariateSums {
  readonly sumD: number;
  readonly sumDD: number;
  readonly sumYD: number;
  readonly sumXD: number;
}

/**
 * The sums of the ratio's linearized number l per unit in the place of y (`linearizedRatios`): its mean is Σy / Σd, and var(l) / count the
 * ratio's variance, clustered by unit. So CUPED, stopping rules and guardrails read a ratio as any mean.
 *
 * @returns null where there is no ratio yet: fewer than two units, or denominators that do not sum up to something above 0
 * @throws RangeError for sums that are not finite
 */
export function linearizedSums(sums: RatioSums): CovariateSums | null {
  const { count, sumY, sumYY, sumX, sumXX, sumXY, sumD, sumDD, sumYD, sumXD } = sums;
  if (count < 2 || sumD <= 0) return null;
  const arm = jointMomentsFromSums({
    count,
    centres: [0, 0, 0],
    sums: [sumY, sumD, sumX],
    products: [
      [sumYY, sumYD, sumXY],
      [sumYD, sumDD, sumXD],
      [sumXY, sumXD, sumXX],
    ],
  });
  const pairs = [
    { numerator: 0, denominator: 1 },
    { numerator: 2, denominator: null },
  ];
  const { means, covariances } = linearizedRatios(arm, pairs);
  const [ratio = NaN, meanX = NaN] = means;
  const [[variance = NaN, covariance = NaN] = []] = covariances;
  return {
    count,
    sumY: count * ratio,
    sumYY: (count - 1) * variance + count * ratio * ratio,
    sumX,
    sumXX,
    sumXY: (count - 1) * covariance + count * ratio * meanX,
  };
}
