import { assertArm, type Moments } from '../estimators/moments.ts';

/** Variances further apart than this are not a matter of the treatment, but of too few outcomes in one arm. */
const MOST_UNEQUAL = 10;

/**
 * Guards against false certainty: an arm in which a rare outcome has not happened yet shows no variance, and any other mean would look
 * infinitely far away from its own. Where one variance is less than a tenth of the other, both arms get the larger one, which can only widen
 * intervals.
 *
 * @throws RangeError for numbers that cannot be
 */
export function comparable(
  control: Moments,
  variant: Moments,
): { readonly control: Moments; readonly variant: Moments } {
  assertArm('comparable arms', 'control', control);
  assertArm('comparable arms', 'variant', variant);
  const larger = Math.max(control.variance, variant.variance);
  const smaller = Math.min(control.variance, variant.variance);
  if (smaller * MOST_UNEQUAL >= larger) return { control, variant };
  return { control: { ...control, variance: larger }, variant: { ...variant, variance: larger } };
}
