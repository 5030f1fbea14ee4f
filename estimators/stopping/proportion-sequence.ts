import {
  assertTrials,
  evidenceAt,
  leastEvidence,
  LOGIT_OF_ZERO,
  lowerRate,
  mixtureConcentration,
  rateAt,
  upperRate,
  type MixedArm,
  type MixtureTuning,
  type Trials,
} from './bernoulli-mixture.ts';
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
  /** Anytime-valid, for equal rates; below alpha exactly where `relative` excludes 0. */
  readonly pValue: number;
}

const DEFAULT_EVENTS = 100;

/**
 * Two proportions at a look of many, exact in finite samples, however rare successes are: the relative difference and the p-value by `eventSplit`; the absolute
 * difference by all pairs of rates against which the product of both arms' beta-binomial mixtures is below 1 / alpha. Each of the two intervals has the level
 * alpha of its own; at the edge the absolute one may hold 0 where the relative one does not.
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
  const events = { control: control.successes, treatment: treatment.successes };
  const { pValue, ...byEvents } = eventSplit(events, { alpha, treatmentShare, tunedForCount: tunedForEvents });
  const concentrations = {
    control: mixtureConcentration({ alpha, tunedForCount: tunedForCount * (1 - treatmentShare) }),
    treatment: mixtureConcentration({ alpha, tunedForCount: tunedForCount * treatmentShare }),
  };
  const limit = -Math.log(alpha);
  const [p0, p1] = [control.successes / control.trials, treatment.successes / treatment.trials];
  const upper = largestDifference(
    { trials: treatment, concentration: concentrations.treatment },
    { trials: control, concentration: concentrations.control },
    limit,
  );
  const lower = -largestDifference(
    { trials: control, concentration: concentrations.control },
    { trials: treatment, concentration: concentrations.treatment },
    limit,
  );
  return { absolute: { estimate: p1 - p0, lower, upper }, relative: byEvents, pValue };
}

/** The largest difference first − second among pairs of rates against which, together, there is less evidence than `limit`. */
function largestDifference(first: MixedArm, second: MixedArm, limit: number): number {
  const [best, other] = [leastEvidence(first), leastEvidence(second)];
  const largest = (logit: number): number => {
    const left = limit - evidenceAt(second, logit);
    const rate = left <= best.evidence ? rateAt(best.logit) : upperRate(first, left, best.logit);
    return rate - rateAt(logit);
  };
  // A larger rate of the second arm than the likeliest only lowers the difference.
  const smallest = lowerRate(second, limit - best.evidence, other.logit);
  const low = Math.max(LOGIT_OF_ZERO, Math.log(smallest / (1 - smallest)));
  return maximumBetween(largest, low, other.logit).value;
}
