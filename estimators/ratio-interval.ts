import type { Effect } from './effect.ts';
import { assertArm, type Moments } from './moments.ts';

/**
 * How far treatment's mean lies above `multiple` times control's, with its standard error. 0 where the ratio of the means is exactly the
 * multiple; other than a ratio it is well behaved where control's mean is close to 0.
 *
 * @throws RangeError for fewer than two units in an arm, or a multiple that is not finite
 */
export function differenceFromMultiple(control: Moments, treatment: Moments, multiple: number): Effect {
  assertArm('difference from multiple', 'control', control);
  assertArm('difference from multiple', 'treatment', treatment);
  if (!Number.isFinite(multiple)) throw new RangeError(`difference from multiple: the multiple is ${multiple}`);
  const variance = treatment.variance / treatment.count + (multiple ** 2 * control.variance) / control.count;
  return { estimate: treatment.mean - multiple * control.mean, standardError: Math.sqrt(variance) };
}

/**
 * Every relative lift (treatment's mean over control's minus 1) whose multiple is within `criticalValue` standard errors of the data:
 * Fieller's interval for a ratio. It agrees with `differenceFromMultiple` by construction, which the linear delta method does not.
 *
 * Source: E. C. Fieller, "Some problems in interval estimation", Journal of the Royal Statistical Society B 16 (1954), 175–185.
 *
 * @returns null where control's mean is not `criticalValue` standard errors away from 0: then the interval has no end
 * @throws RangeError for fewer than two units in an arm, or a critical value that is not above 0
 */
export function fiellerLift(
  control: Moments,
  treatment: Moments,
  criticalValue: number,
): { readonly estimate: number; readonly lower: number; readonly upper: number } | null {
  assertArm('fieller', 'control', control);
  assertArm('fieller', 'treatment', treatment);
  if (!(criticalValue > 0) || !Number.isFinite(criticalValue))
    throw new RangeError(`fieller: the critical value must be above 0, got ${criticalValue}`);
  // The ends of { r : (m_t − r m_c)² ≤ k² (v_t + r² v_c) }, a quadratic in r.
  const kSquared = criticalValue ** 2;
  const controlVariance = (kSquared * control.variance) / control.count;
  const a = control.mean ** 2 - controlVariance;
  if (!(a > 0)) return null;
  const b = control.mean * treatment.mean;
  const c = treatment.mean ** 2 - (kSquared * treatment.variance) / treatment.count;
  const root = Math.sqrt(Math.max(0, b * b - a * c));
  return { estimate: treatment.mean / control.mean - 1, lower: (b - root) / a - 1, upper: (b + root) / a - 1 };
}
