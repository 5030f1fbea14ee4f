import type { MetricDefinition } from '../definitions/metric.ts';
import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import type { Moments } from '../estimators/moments.ts';
import { relativeLift } from '../estimators/relative-lift.ts';
import type { Gate, Interval } from './scorecard.ts';
import { percent, signedPercent } from './wording.ts';

export interface GuardrailInput {
  readonly control: Moments;
  readonly variant: Moments;
  readonly goodDirection: MetricDefinition['goodDirection'];
  /** The largest tolerable harm as a relative change, positive (`Guardrail.marginRatio`). */
  readonly marginRatio: number;
  /** Two-sided error level over the whole life of the experiment; see `sharedAlpha`. */
  readonly alpha: number;
}

export interface GuardrailCheck {
  readonly status: Exclude<Gate['status'], 'waiting'>;
  /** The relative change; null where it cannot be told. */
  readonly interval: Interval | null;
  /** A sentence. */
  readonly reason: string;
}

/** Below this the asymptotic intervals do not hold what they promise (`estimators/calibration.test.ts` begins here). */
export const MINIMUM_UNITS_PER_ARM = 100;

/** The level of one comparison, so that all of them together are wrong at most as often as `alpha` (Bonferroni). */
export function sharedAlpha(alpha: number, comparisons: number): number {
  return alpha / Math.max(1, comparisons);
}

/**
 * Checks one guardrail for one variant, at any time and as often as one likes: it passes when the confidence sequence for the relative
 * change excludes a harm beyond the margin, fails when the sequence lies wholly beyond it, and is inconclusive otherwise.
 *
 * @throws RangeError for numbers that cannot be
 */
export function checkGuardrail({
  control,
  variant,
  goodDirection,
  marginRatio,
  alpha,
}: GuardrailInput): GuardrailCheck {
  const count = Math.min(control.count, variant.count);
  if (count < MINIMUM_UNITS_PER_ARM) {
    return inconclusive(`the smaller arm has ${count} matured units; ${MINIMUM_UNITS_PER_ARM} are needed`);
  }
  const lift = relativeLift(control, variant);
  if (lift === null) return inconclusive("control's mean is too close to 0 for a relative change");
  if (lift.standardError === 0) return inconclusive('no value varies in either arm');
  const { estimate, lower, upper } = confidenceSequence({ ...lift, count: control.count + variant.count, alpha });
  const interval = { estimate, lower, upper };
  const [best, worst] = goodDirection === 'increase' ? [upper, lower] : [-lower, -upper];
  const between = `${signedPercent(estimate)} (${signedPercent(lower)} to ${signedPercent(upper)})`;
  const margin = `a harm of ${percent(marginRatio)}`;
  if (best < -marginRatio) return { status: 'failed', interval, reason: `${between} is beyond ${margin}` };
  if (worst > -marginRatio) return { status: 'passed', interval, reason: `${between} excludes ${margin}` };
  return { status: 'inconclusive', interval, reason: `${between} does not exclude ${margin} yet` };
}

function inconclusive(reason: string): GuardrailCheck {
  return { status: 'inconclusive', interval: null, reason };
}
