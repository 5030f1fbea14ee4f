import {
  assertTrials,
  evidenceAt,
  leastEvidence,
  LOGIT_OF_ONE,
  LOGIT_OF_ZERO,
  lowerRate,
  mixtureConcentration,
  rateAt,
  upperRate,
  type MixedArm,
  type MixtureTuning,
  type Trials,
} from './bernoulli-mixture.ts';
import { assertAlpha } from '../moments.ts';
import { eventSplit } from './event-split.ts';
import { maximumBetween } from './maximum.ts';

export interface ProportionSequenceInput extends MixtureTuning {
  /** Share of the units that the design gives to the treatment, of both arms together; in (0, 1). */
  readonly treatmentShare: number;
  /** Events of both arms at which the relative interval is narrowest; default 100. `tunedForCount` counts the units of both arms. */
  readonly tunedForEvents?: number;
}

export interface ProportionSequence {
  /** Treatment's rate minus control's. */
  readonly absolute: { readonly estimate: number; readonly lower: number; readonly upper: number };
  /** Treatment's rate over control's minus 1; the upper end is Infinity where control's successes are too few to bound it. */
  readonly relative: { readonly estimate: number; readonly lower: number; readonly upper: number };
  /** Holds control's rate wherever the absolute difference is held. */
  readonly controlRate: { readonly lower: number; readonly upper: number };
  /** Anytime-valid, for equal rates; below alpha exactly where both intervals exclude 0. */
  readonly pValue: number;
}

const DEFAULT_EVENTS = 100;
/** Share of alpha for the ratio of the rates; the rest is for where the rates lie. Fixed: any value is valid. */
export const RATIO_SHARE = 0.8;

/**
 * Two proportions at a look of many, exact in finite samples, however rare successes are: the relative difference and the p-value by `eventSplit`, the absolute difference
 * by all pairs of rates with such a ratio against which the product of both arms' beta-binomial mixtures says little. With probability at least 1 − alpha both
 * intervals hold at all looks together, and they and the p-value agree on the sign. The units must have been split as designed: hold that against `sampleRatio` first.
 *
 * Sources: Lindon & Malek 2022; the product of two arms' martingales as in R. J. Turner, P. D. Grünwald, "Exact anytime-valid confidence intervals for
 * contingency tables and beyond", Statistics & Probability Letters 198 (2023), 109835.
 *
 * @throws RangeError for an arm without units, and as `eventSplit`
 */
export function proportionSequence(
  control: Trials,
  treatment: Trials,
  input: ProportionSequenceInput,
): ProportionSequence {
  for (const arm of [control, treatment]) {
    assertTrials(arm);
    if (arm.trials === 0) throw new RangeError('proportion sequence: an arm has no units');
  }
  const { alpha, treatmentShare, tunedForCount, tunedForEvents = DEFAULT_EVENTS } = input;
  assertAlpha('proportion sequence', alpha);
  const events = { control: control.successes, treatment: treatment.successes };
  const ofRatio = { alpha: RATIO_SHARE * alpha, treatmentShare, tunedForCount: tunedForEvents };
  const { pValue, ...relative } = eventSplit(events, ofRatio);
  const ofRates = (1 - RATIO_SHARE) * alpha;
  const armOf = (trials: Trials, share: number): MixedArm => {
    const concentration = mixtureConcentration({ alpha: ofRates, tunedForCount: tunedForCount * share });
    return { trials, concentration };
  };
  const arms = { control: armOf(control, 1 - treatmentShare), treatment: armOf(treatment, treatmentShare) };
  const limit = -Math.log(ofRates);
  return {
    absolute: {
      estimate: treatment.successes / treatment.trials - control.successes / control.trials,
      lower: -largestDifference(arms.control, arms.treatment, { limit, largestRatio: 1 / (1 + relative.lower) }),
      upper: largestDifference(arms.treatment, arms.control, { limit, largestRatio: 1 + relative.upper }),
    },
    relative,
    controlRate: ratesLeft(arms.control, arms.treatment, limit),
    pValue: Math.min(1, pValue / RATIO_SHARE),
  };
}

/**
 * The largest difference first − second among pairs of rates with at most so large a ratio against which, together, there is less evidence than `limit`. Over the second
 * rate it has a single peak: what the evidence leaves for the first one is concave in it, what the ratio leaves is linear.
 */
function largestDifference(
  first: MixedArm,
  second: MixedArm,
  { limit, largestRatio }: { readonly limit: number; readonly largestRatio: number },
): number {
  const best = leastEvidence(first);
  const largest = (logit: number): number => {
    const left = limit - evidenceAt(second, logit);
    const byEvidence = left <= best.evidence ? rateAt(best.logit) : upperRate(first, left, best.logit);
    const rate = rateAt(logit);
    return Math.min(byEvidence, largestRatio * rate) - rate;
  };
  const { lower, upper } = ratesLeft(second, first, limit);
  return maximumBetween(largest, logitOf(lower), logitOf(upper)).value;
}

/** The rates of an arm that the evidence leaves, whatever the other arm's is. */
function ratesLeft(arm: MixedArm, other: MixedArm, limit: number): { readonly lower: number; readonly upper: number } {
  const left = limit - leastEvidence(other).evidence;
  const { logit } = leastEvidence(arm);
  return { lower: lowerRate(arm, left, logit), upper: upperRate(arm, left, logit) };
}

function logitOf(rate: number): number {
  return Math.min(LOGIT_OF_ONE, Math.max(LOGIT_OF_ZERO, Math.log(rate / (1 - rate))));
}
