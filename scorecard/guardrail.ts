import type { MetricDefinition } from '../definitions/metric.ts';
import { confidenceSequence, sequentialCriticalValue } from '../estimators/confidence-sequence.ts';
import type { Moments } from '../estimators/moments.ts';
import { differenceFromMultiple, fiellerLift } from '../estimators/ratio-interval.ts';
import { comparable } from './comparable.ts';
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
 * Checks one guardrail for one variant, at any time and as often as one likes. The tolerated mean is control's, worse by the margin; a
 * confidence sequence tells on which side of it the variant's mean lies: the guardrail passes where every mean in it is better, fails
 * where every one is worse, and is inconclusive otherwise. No ratio is needed for that, so a metric that is almost always 0 in
 * control is guarded as well; the relative change is Fieller's interval at the same level, which says the same.
 *
 * @throws RangeError for numbers that cannot be
 */
export function checkGuardrail(input: GuardrailInput): GuardrailCheck {
  const { goodDirection, marginRatio, alpha } = input;
  if (!(marginRatio > 0)) throw new RangeError(`guardrail: the margin must be a ratio above 0, got ${marginRatio}`);
  const fewest = Math.min(input.control.count, input.variant.count);
  if (fewest < MINIMUM_UNITS_PER_ARM)
    return inconclusive(`the smaller arm has ${fewest} matured units; ${MINIMUM_UNITS_PER_ARM} are needed`);
  const { control, variant } = comparable(input.control, input.variant);
  if (control.mean < 0) return inconclusive("control's mean is below 0, so a relative margin means nothing");
  const sign = goodDirection === 'increase' ? -1 : 1;
  const fromTolerated = differenceFromMultiple(control, variant, 1 + sign * marginRatio);
  if (fromTolerated.standardError === 0) return inconclusive('no value varies in either arm');
  const look = { count: control.count + variant.count, alpha };
  const { lower, upper } = confidenceSequence({ ...fromTolerated, ...look });
  const interval = fiellerLift(control, variant, sequentialCriticalValue(look));
  const observed = interval === null ? meansText(control, variant) : intervalText(interval);
  const margin = `a harm of ${percent(marginRatio)}`;
  const [worst, best] = sign < 0 ? [lower, upper] : [-upper, -lower];
  if (best < 0) return { status: 'failed', interval, reason: `${observed} is beyond ${margin}` };
  if (worst > 0) return { status: 'passed', interval, reason: `${observed} excludes ${margin}` };
  return { status: 'inconclusive', interval, reason: `${observed} does not exclude ${margin} yet` };
}

function intervalText({ estimate, lower, upper }: Interval): string {
  return `${signedPercent(estimate)} (${signedPercent(lower)} to ${signedPercent(upper)})`;
}

function meansText(control: Moments, variant: Moments): string {
  return `a mean of ${variant.mean.toPrecision(3)} against control's ${control.mean.toPrecision(3)}`;
}

function inconclusive(reason: string): GuardrailCheck {
  return { status: 'inconclusive', interval: null, reason };
}
