import type { Moments } from './moments.ts';

/** Sums over the units of one arm: the outcome y and a covariate x that was known before the treatment. */
export interface CovariateSums {
  readonly count: number;
  readonly sumY: number;
  readonly sumYY: number;
  readonly sumX: number;
  readonly sumXX: number;
  readonly sumXY: number;
}

export interface CupedResult {
  /** Control's moments after the adjustment. */
  readonly control: Moments;
  readonly treatment: Moments;
  /** The slope that was used; 0 where the covariate does not vary. */
  readonly theta: number;
  /** Share of the variance of the difference that the covariate removed. */
  readonly varianceRemovedRatio: number;
}

/**
 * CUPED with one covariate and one slope for both arms: y is replaced by y − θ (x − x̄), where θ = cov(y, x) / var(x) and x̄ are taken over
 * the units of both arms together. The difference of means stays unbiased, because a covariate from before the treatment has the same
 * mean in both arms, and loses the part of its variance that the covariate explains.
 *
 * Source: A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the sensitivity of online controlled experiments by utilizing pre-experiment
 * data", WSDM 2013, equations 4 and 5.
 *
 * @throws RangeError for fewer than two units in an arm, or sums that are not finite
 */
export function cuped(control: CovariateSums, treatment: CovariateSums): CupedResult {
  for (const [arm, sums] of Object.entries({ control, treatment })) {
    if (!Number.isSafeInteger(sums.count) || sums.count < 2)
      throw new RangeError(`cuped: needs at least 2 units in ${arm}, got ${sums.count}`);
    for (const name of SUMS)
      if (!Number.isFinite(sums[name])) throw new RangeError(`cuped: ${name} of ${arm} is ${sums[name]}`);
  }
  const pooled = covarianceOf(add(control, treatment));
  const theta = pooled.varianceX > 0 ? pooled.covariance / pooled.varianceX : 0;
  const adjustedControl = adjusted(control, theta, pooled.meanX);
  const adjustedTreatment = adjusted(treatment, theta, pooled.meanX);
  const before = varianceOfDifference(unadjusted(control), unadjusted(treatment));
  const after = varianceOfDifference(adjustedControl, adjustedTreatment);
  return {
    control: adjustedControl,
    treatment: adjustedTreatment,
    theta,
    varianceRemovedRatio: before > 0 ? 1 - after / before : 0,
  };
}

const SUMS = ['sumY', 'sumYY', 'sumX', 'sumXX', 'sumXY'] as const;

interface Covariance {
  readonly meanX: number;
  readonly meanY: number;
  readonly varianceX: number;
  readonly varianceY: number;
  readonly covariance: number;
}

function covarianceOf({ count, sumX, sumXX, sumXY, sumY, sumYY }: CovariateSums): Covariance {
  const freedom = count - 1;
  return {
    meanX: sumX / count,
    meanY: sumY / count,
    varianceX: Math.max(0, sumXX - (sumX * sumX) / count) / freedom,
    varianceY: Math.max(0, sumYY - (sumY * sumY) / count) / freedom,
    covariance: (sumXY - (sumX * sumY) / count) / freedom,
  };
}

function add(a: CovariateSums, b: CovariateSums): CovariateSums {
  return {
    count: a.count + b.count,
    sumY: a.sumY + b.sumY,
    sumYY: a.sumYY + b.sumYY,
    sumX: a.sumX + b.sumX,
    sumXX: a.sumXX + b.sumXX,
    sumXY: a.sumXY + b.sumXY,
  };
}

function adjusted(sums: CovariateSums, theta: number, pooledMeanX: number): Moments {
  const { meanX, meanY, varianceX, varianceY, covariance } = covarianceOf(sums);
  return {
    count: sums.count,
    mean: meanY - theta * (meanX - pooledMeanX),
    variance: Math.max(0, varianceY + theta * theta * varianceX - 2 * theta * covariance),
  };
}

function unadjusted(sums: CovariateSums): Moments {
  const { meanY, varianceY } = covarianceOf(sums);
  return { count: sums.count, mean: meanY, variance: varianceY };
}

function varianceOfDifference(control: Moments, treatment: Moments): number {
  return control.variance / control.count + treatment.variance / treatment.count;
}
