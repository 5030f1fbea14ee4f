import { assertArm, type Moments } from '../estimators/moments.ts';

/** Variances further apart than this say that one arm has seen too few outcomes, rather than what the treatment does. */
const MOST_UNEQUAL = 1.5;

/**
 * Guards against false certainty: an arm in which a rare outcome has by chance hardly happened yet shows little variance or none, and every
 * other mean looks far away from its own. Where the variances are more unequal than treatments make them, both arms get the larger one,
 * which can only widen intervals. Without this, looking on and on at a small arm with an outcome of 2 % raises three times the
 * false alarms (`guardrail-calibration.test.ts`).
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
