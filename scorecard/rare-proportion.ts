import type { CovariateSums } from '../estimators/cuped.ts';
import { proportionSequence, type ProportionSequence } from '../estimators/stopping/proportion-sequence.ts';
import type { JudgedExperiment, JudgedMetric } from './build.ts';
import { MINIMUM_UNITS_PER_ARM } from './guardrail.ts';
import type { Interval } from './scorecard.ts';

/** With fewer successes in both arms together an asymptotic sequence has nothing to stand on. */
const FEW_SUCCESSES = 100;
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
 * A proportion that is watched all the time, read exactly while it has few successes; null where it has many, or is none, or an arm is too small for any reading.
 */
export function rareProportion(input: RareProportionInput): ProportionSequence | null {
  const { definition, metric, control, treatment, alpha, variant } = input;
  if (metric.type !== 'proportion' && metric.type !== 'retention') return null;
  if (control.sumY + treatment.sumY >= FEW_SUCCESSES) return null;
  if (Math.min(control.count, treatment.count) < MINIMUM_UNITS_PER_ARM) return null;
  const weightOf = (key: string): number =>
    definition.variants.find((each) => each.key === key)?.weightBasisPoints ?? 0;
  const [ours, theirs] = [weightOf(variant), weightOf(definition.control)];
  if (!(ours > 0 && theirs > 0)) return null;
  return proportionSequence(
    { successes: control.sumY, trials: control.count },
    { successes: treatment.sumY, trials: treatment.count },
    { alpha, treatmentShare: ours / (ours + theirs), tunedForCount: TUNED_FOR },
  );
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
