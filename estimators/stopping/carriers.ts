import type { Moments } from '../moments.ts';

/** Arms that differ by less than this in size keep each other's skewness in balance. */
const EQUAL_ENOUGH = 0.5;
/** So many units have to carry the smaller arm's mean: docs/calibration.md shows what happens below. */
export const FEW_CARRIERS = 100;

/**
 * How many units would carry a mean if all of them had as much and the others nothing, (Σy)² / Σy²: Kish's effective number, of values that are not negative.
 *
 * Source: L. Kish, Survey Sampling (1965), section 11.7.
 */
export function carriersOf({ count, mean, variance }: Moments): number {
  const square = mean * mean + (variance * (count - 1)) / count;
  return square === 0 ? 0 : (count * mean * mean) / square;
}

/**
 * Whether an asymptotic confidence sequence may not be read yet: few units carry the mean of an arm that is small beside the other. Skewed means of arms alike err in the
 * same direction, so that their difference does not; of unequal arms only many units mend it. For totals that are not negative.
 */
export function isCarriedByFew(first: Moments, second: Moments): boolean {
  const [smaller, larger] = first.count < second.count ? [first, second] : [second, first];
  if (smaller.count >= EQUAL_ENOUGH * larger.count) return false;
  return carriersOf(smaller) < FEW_CARRIERS;
}
