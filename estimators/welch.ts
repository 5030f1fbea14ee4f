import { differenceOfMeans } from './effect.ts';
import { assertAlpha, assertArm, type Moments } from './moments.ts';
import { twoSidedQuantile, twoSidedTail } from './student-t.ts';

export interface WelchResult {
  /** Treatment minus control, in the unit of the values. */
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly standardError: number;
  readonly t: number;
  /** Welch–Satterthwaite degrees of freedom. */
  readonly degreesOfFreedom: number;
  /** Two-sided. */
  readonly pValue: number;
}

/**
 * Welch's t-test for two means with unequal variances, and its confidence interval at level 1 − alpha. For one look at a time that was
 * fixed in advance; for looking again and again use `confidenceSequence`.
 *
 * Source: B. L. Welch, "The generalization of Student's problem when several different population variances are involved", Biometrika 34
 * (1947), 28–35.
 *
 * @throws RangeError for fewer than two units in an arm, or where neither arm varies
 */
export function welch(control: Moments, treatment: Moments, alpha = 0.05): WelchResult {
  assertAlpha('welch', alpha);
  assertArm('welch', 'control', control);
  assertArm('welch', 'treatment', treatment);
  const { estimate, standardError } = differenceOfMeans(control, treatment);
  if (standardError === 0)
    throw new RangeError('welch: no value varies in either arm, so there is nothing to compare with');
  const degreesOfFreedom = satterthwaite(control, treatment);
  const t = estimate / standardError;
  const halfWidth = twoSidedQuantile(alpha, degreesOfFreedom) * standardError;
  return {
    estimate,
    lower: estimate - halfWidth,
    upper: estimate + halfWidth,
    standardError,
    t,
    degreesOfFreedom,
    pValue: twoSidedTail(t, degreesOfFreedom),
  };
}

function satterthwaite(control: Moments, treatment: Moments): number {
  const c = control.variance / control.count;
  const t = treatment.variance / treatment.count;
  return (c + t) ** 2 / (c ** 2 / (control.count - 1) + t ** 2 / (treatment.count - 1));
}
