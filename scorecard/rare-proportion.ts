import type { CovariateSums } from '../estimators/cuped.ts';
import type { Trials } from '../estimators/stopping/bernoulli-mixture.ts';
import type { ProportionSequence } from '../estimators/stopping/proportion-sequence.ts';
import { isRare, rarerOutcomeSequence } from '../estimators/stopping/rarer-outcome.ts';
import type { JudgedExperiment, JudgedMetric } from './build.ts';
import { MINIMUM_UNITS_PER_ARM } from './guardrail.ts';
import type { Interval } from './scorecard.ts';

/** Units of both arms at which the difference is narrowest, as of the asymptotic sequence. */
const TUNED_FOR = 10_000;

export interface RareProportionInput {
  readonly definition: JudgedExperiment;
  readonly metric: JudgedMetric;
  readonly variant: string;
  readonly control: CovariateSums;
  readonly treatment: CovariateSums;
  readonly alpha: number;
}

/**
 * A proportion that is watched all the time, read exactly while few units of an arm succeeded, or few did not; null where many did both, it is no proportion, or
 * an arm is too small for any reading.
 */
export function rareProportion(input: RareProportionInput): ProportionSequence | null {
  const { definition, metric, control, treatment, alpha, variant } = input;
  if (metric.type !== 'proportion' && metric.type !== 'retention') return null;
  const [ofControl, ofTreatment] = [trialsOf(control), trialsOf(treatment)];
  if (!isRare(ofControl, ofTreatment)) return null;
  if (Math.min(control.count, treatment.count) < MINIMUM_UNITS_PER_ARM) return null;
  const weightOf = (key: string): number =>
    definition.variants.find((each) => each.key === key)?.weightBasisPoints ?? 0;
  const [ours, theirs] = [weightOf(variant), weightOf(definition.control)];
  if (!(ours > 0 && theirs > 0)) return null;
  const treatmentShare = ours / (ours + theirs);
  return rarerOutcomeSequence(ofControl, ofTreatment, { alpha, treatmentShare, tunedForCount: TUNED_FOR });
}

function trialsOf({ sumY, count }: CovariateSums): Trials {
  return { successes: sumY, trials: count };
}

/** Null where control's successes are too few to bound it. */
export function boundedLift({ relative }: ProportionSequence): Interval | null {
  return Number.isFinite(relative.upper) ? relative : null;
}

/** On which side of the tolerated harm every ratio of the rates lies. */
export function harmOf(
  { relative }: ProportionSequence,
  {
    goodDirection,
    marginRatio,
  }: { readonly goodDirection: JudgedMetric['goodDirection']; readonly marginRatio: number },
): 'beyond' | 'within' | 'unknown' {
  const [best, worst] =
    goodDirection === 'increase' ? [-relative.upper, -relative.lower] : [relative.lower, relative.upper];
  if (best > marginRatio) return 'beyond';
  return worst < marginRatio ? 'within' : 'unknown';
}
