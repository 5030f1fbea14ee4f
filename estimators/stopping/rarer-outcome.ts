import type { Trials } from './bernoulli-mixture.ts';
import { proportionSequence, type ProportionSequence, type ProportionSequenceInput } from './proportion-sequence.ts';

/** With fewer in an arm, an asymptotic sequence has nothing to stand on: docs/calibration.md. */
export const FEW_OUTCOMES = 50;

/** Whether one of the two outcomes, success or failure, is so rare in an arm that an asymptotic sequence may not be read. */
export function isRare(control: Trials, treatment: Trials): boolean {
  const fewest = (of: (arm: Trials) => number): number => Math.min(of(control), of(treatment));
  return (
    Math.min(
      fewest(({ successes }) => successes),
      fewest(failuresOf),
    ) < FEW_OUTCOMES
  );
}

/**
 * `proportionSequence` of whichever outcome is the rarer one: where nearly all succeed, of the failures. Then the relative difference follows from the absolute one and from
 * where control's rate may lie, and is bounded unless nearly nothing is known. Each of the two is exact; that the data say which one it is matters only where both outcomes are about
 * as rare.
 *
 * @throws RangeError as `proportionSequence`
 */
export function rarerOutcomeSequence(
  control: Trials,
  treatment: Trials,
  input: ProportionSequenceInput,
): ProportionSequence {
  const successes = control.successes + treatment.successes;
  if (successes <= failuresOf(control) + failuresOf(treatment)) return proportionSequence(control, treatment, input);
  const ofFailures = proportionSequence(mirrored(control), mirrored(treatment), input);
  const { estimate, lower, upper } = ofFailures.absolute;
  const absolute = { estimate: 0 - estimate, lower: 0 - upper, upper: 0 - lower };
  const controlRate = { lower: 1 - ofFailures.controlRate.upper, upper: 1 - ofFailures.controlRate.lower };
  // The smaller control's rate, the larger is the same difference as a share of it.
  const asShare = (difference: number, isAway: boolean): number =>
    difference / (isAway ? controlRate.lower : controlRate.upper);
  return {
    absolute,
    relative: {
      estimate: absolute.estimate / (control.successes / control.trials),
      lower: Math.max(-1, asShare(absolute.lower, absolute.lower < 0)),
      upper: asShare(absolute.upper, absolute.upper > 0),
    },
    controlRate,
    pValue: ofFailures.pValue,
  };
}

function failuresOf({ successes, trials }: Trials): number {
  return trials - successes;
}

function mirrored({ successes, trials }: Trials): Trials {
  return { successes: trials - successes, trials };
}
