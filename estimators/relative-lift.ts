import type { Effect } from './effect.ts';
import { assertArm, type Moments } from './moments.ts';

/** Control's mean has to be this many standard errors away from 0, or a ratio to it means nothing. */
const BOUNDED_AWAY_STANDARD_ERRORS = 4;

/**
 * Relative lift, treatment's mean over control's minus 1, with its standard error by the linear delta method for two independent means
 * (Casella & Berger, Statistical Inference, 2nd ed., example 5.5.27):
 * var = var(treatment) / (n_t m_c²) + m_t² var(control) / (n_c m_c⁴).
 *
 * @returns null where control's mean is not bounded away from 0
 * @throws RangeError for fewer than two units in an arm
 */
export function relativeLift(control: Moments, treatment: Moments): Effect | null {
  assertArm('relative lift', 'control', control);
  assertArm('relative lift', 'treatment', treatment);
  const controlError = Math.sqrt(control.variance / control.count);
  const isBoundedAway = Math.abs(control.mean) > BOUNDED_AWAY_STANDARD_ERRORS * controlError && control.mean !== 0;
  if (!isBoundedAway) return null;
  const ratio = treatment.mean / control.mean;
  const variance =
    treatment.variance / treatment.count / control.mean ** 2 +
    (ratio ** 2 * (control.variance / control.count)) / control.mean ** 2;
  // Per unit of |control|: a negative control mean turns the sign of the lift around, as a change for the better or worse.
  return { estimate: (treatment.mean - control.mean) / Math.abs(control.mean), standardError: Math.sqrt(variance) };
}
