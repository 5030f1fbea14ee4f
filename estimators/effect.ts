import { assertArm, type Moments } from './moments.ts';

/** An estimate and its standard error. */
export interface Effect {
  readonly estimate: number;
  readonly standardError: number;
}

/**
 * Difference of two means, treatment minus control, with the standard error for unequal variances.
 *
 * @throws RangeError for fewer than two units in an arm
 */
export function differenceOfMeans(control: Moments, treatment: Moments): Effect {
  assertArm('difference of means', 'control', control);
  assertArm('difference of means', 'treatment', treatment);
  return {
    estimate: treatment.mean - control.mean,
    standardError: Math.sqrt(treatment.variance / treatment.count + control.variance / control.count),
  };
}
