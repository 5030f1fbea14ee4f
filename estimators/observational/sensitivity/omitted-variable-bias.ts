import { twoSidedQuantile } from '../../student-t.ts';

/** The treatment's coefficient in a least-squares regression on it and the covariates. */
export interface Coefficient {
  readonly estimate: number;
  /** Classical, above 0. */
  readonly standardError: number;
  /** Rows less columns less 1, at least 2. */
  readonly degreesOfFreedom: number;
}

/** How much a hidden confounder explains of what the treatment and the covariates leave, as shares from 0 to 1. */
export interface Confounder {
  /** Of the treatment, below 1. */
  readonly withTreatment: number;
  /** Of the outcome, given the treatment. */
  readonly withOutcome: number;
}

/**
 * Share of the residual variance that a column explains, from its t statistic.
 *
 * Source: C. Cinelli, C. Hazlett, "Making sense of sensitivity: extending omitted variable bias", JRSS B 82 (2020), 39–67, section 4.1.
 */
export function partialRSquared(t: number, degreesOfFreedom: number): number {
  return 1 / (1 + degreesOfFreedom / (t * t));
}

/**
 * What the regression would have said with the hidden confounder in it, if it works against the estimate as hard as it can.
 *
 * Source: Cinelli & Hazlett 2020, equations 13 to 15.
 *
 * @throws RangeError for shares outside [0, 1), or [0, 1] of the outcome
 */
export function withConfounder(
  { estimate, standardError, degreesOfFreedom }: Coefficient,
  { withTreatment, withOutcome }: Confounder,
): Coefficient {
  if (!(withTreatment >= 0 && withTreatment < 1 && withOutcome >= 0 && withOutcome <= 1))
    throw new RangeError(
      `hidden confounder: shares must lie in [0, 1) of the treatment and [0, 1] of the outcome, got ${withTreatment} and ${withOutcome}`,
    );
  const widthRatio = Math.sqrt(((1 - withOutcome) / (1 - withTreatment)) * (degreesOfFreedom / (degreesOfFreedom - 1)));
  const bias = Math.sqrt((withOutcome * withTreatment * degreesOfFreedom) / (1 - withTreatment)) * standardError;
  return {
    estimate: estimate < 0 ? estimate + bias : estimate - bias,
    standardError: standardError * widthRatio,
    degreesOfFreedom: degreesOfFreedom - 1,
  };
}

/**
 * A hidden confounder `multiple` times as strong as a measured covariate; null where there can be none, as it would explain all of the treatment.
 *
 * Source: Cinelli & Hazlett 2020, section 4.4, bounds of equation 20 with equal multiples for treatment and outcome.
 *
 * @param covariate the shares that the covariate explains of what the other covariates leave of the treatment, and of the outcome given the treatment
 */
export function confounderLike(covariate: Confounder, multiple: number): Confounder | null {
  const { withTreatment: d, withOutcome: y } = covariate;
  if (d >= 1 || multiple * d >= 1 - d) return null;
  const shared = (multiple * d * d) / ((1 - multiple * d) * (1 - d));
  const strength = (Math.sqrt(multiple) + Math.sqrt(shared)) ** 2 / (1 - shared);
  return { withTreatment: (multiple * d) / (1 - d), withOutcome: y >= 1 ? 1 : Math.min(1, (strength * y) / (1 - y)) };
}

/**
 * How many times as strong as a measured covariate a hidden confounder must be to bring the estimate to 0; null where none can, because the covariate has
 * nothing to do with the treatment or with the outcome.
 */
export function overturningMultiple(coefficient: Coefficient, covariate: Confounder): number | null {
  if (covariate.withTreatment === 0 || covariate.withOutcome === 0) return null;
  const overturns = (multiple: number): boolean => {
    const confounder = confounderLike(covariate, multiple);
    if (confounder === null) return true;
    return Math.sign(withConfounder(coefficient, confounder).estimate) !== Math.sign(coefficient.estimate);
  };
  let [low, high] = [0, (1 - covariate.withTreatment) / covariate.withTreatment];
  for (let step = 0; step < 200 && high - low > 1e-12 * high; step += 1) {
    const middle = (low + high) / 2;
    if (overturns(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** What hidden confounders of any strength leave of an estimate, for a contour plot. */
export interface SensitivityContours {
  /** Shares of the treatment, one for each column of the grids. */
  readonly withTreatment: readonly number[];
  /** Shares of the outcome, one for each row of the grids. */
  readonly withOutcome: readonly number[];
  readonly estimates: readonly (readonly number[])[];
  /** The end of the interval that is nearer to 0. */
  readonly limits: readonly (readonly number[])[];
}

/**
 * Source: Cinelli & Hazlett 2020, figure 2.
 *
 * @param most the largest share on both axes, above 0 and below 1
 * @param steps on each axis, at least 1
 * @throws RangeError for others
 */
export function sensitivityContours(
  coefficient: Coefficient,
  { most, steps, alpha }: { readonly most: number; readonly steps: number; readonly alpha: number },
): SensitivityContours {
  if (!(most > 0 && most < 1 && steps >= 1 && Number.isInteger(steps)))
    throw new RangeError(`contours: need a share between 0 and 1 and whole steps, got ${most} and ${steps}`);
  const shares = Array.from({ length: steps + 1 }, (_, step) => (most * step) / steps);
  const quantile = twoSidedQuantile(alpha, coefficient.degreesOfFreedom - 1);
  const direction = coefficient.estimate < 0 ? -1 : 1;
  const grid = shares.map((withOutcome) =>
    shares.map((withTreatment) => withConfounder(coefficient, { withTreatment, withOutcome })),
  );
  return {
    withTreatment: shares,
    withOutcome: shares,
    estimates: grid.map((row) => row.map(({ estimate }) => estimate)),
    limits: grid.map((row) =>
      row.map(({ estimate, standardError }) => estimate - direction * quantile * standardError),
    ),
  };
}
