import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { momentsFromSums } from '../estimators/moments.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import type { Trials } from '../estimators/stopping/bernoulli-mixture.ts';
import { eventSplit } from '../estimators/stopping/event-split.ts';
import { proportionSequence } from '../estimators/stopping/proportion-sequence.ts';
import { ALPHA, LOOKS, type Runs } from './always-valid.ts';
import { share } from './monte-carlo.ts';
import type { PromiseKept } from './promise.ts';

const RARE = { unitsPerLook: 120, rate: 0.01, treatmentShare: 1 / 4 } as const;
/** As `umpire analyze` has it: from so many successes on the asymptotic sequence is read. */
const FEW_SUCCESSES = 100;
const TUNED_FOR = 10_000;
/** Nobody reads an asymptotic confidence sequence below this. */
const FIRST_UNITS = 100;
/** No difference of fewer standard errors lies outside any of the exact intervals (estimators/stopping/finite-sample.test.ts). */
const NEVER_OUTSIDE = 2;

/** Experiments without an effect on a proportion of 1 %, with unequal arms, looked at `LOOKS` times. */
export function simulateRareProportions({ runs, seed }: Runs): PromiseKept[] {
  const random = seededRandom(seed);
  const wrong = { test: 0, difference: 0, auto: 0, asymptotic: 0 };
  for (let run = 0; run < runs; run += 1) {
    const arms = [new Counter(), new Counter()] as const;
    const is = { test: false, difference: false, auto: false, asymptotic: false };
    for (let look = 1; look <= LOOKS; look += 1) {
      for (let unit = 0; unit < RARE.unitsPerLook; unit += 1) {
        const arm = arms[random.uniform() < RARE.treatmentShare ? 1 : 0];
        arm.trials += 1;
        arm.successes += random.bernoulli(RARE.rate);
      }
      const exact = isExactlyWrong(arms[0], arms[1]);
      const asymptotic = isAsymptoticallyWrong(arms[0], arms[1]);
      is.test ||= exact.test;
      is.difference ||= exact.difference();
      is.asymptotic ||= asymptotic;
      is.auto ||= arms[0].successes + arms[1].successes < FEW_SUCCESSES ? exact.test : asymptotic;
    }
    for (const method of ['test', 'difference', 'auto', 'asymptotic'] as const) wrong[method] += is[method] ? 1 : 0;
  }
  const line = (method: string, promise: PromiseKept['promise'], hits: number): PromiseKept => ({
    method,
    promise,
    level: ALPHA,
    found: share(hits, runs),
  });
  return [
    line('exact test and relative effect', 'at most', wrong.test),
    line('exact difference', 'at most', wrong.difference),
    line(`exact below ${FEW_SUCCESSES} successes, then asymptotic`, 'at most', wrong.auto),
    line('asymptotic from the first 100 units on', 'nothing', wrong.asymptotic),
  ];
}

class Counter {
  successes = 0;
  trials = 0;
}

function isExactlyWrong(control: Trials, treatment: Trials) {
  const events = { control: control.successes, treatment: treatment.successes };
  const isFar = Math.abs(zOf(control, treatment)) > NEVER_OUTSIDE;
  const input = { alpha: ALPHA, treatmentShare: RARE.treatmentShare };
  return {
    test: isFar && eventSplit(events, { ...input, tunedForCount: 100 }).pValue <= ALPHA,
    difference: (): boolean => {
      if (!isFar) return false;
      const { absolute } = proportionSequence(control, treatment, { ...input, tunedForCount: TUNED_FOR });
      return absolute.lower > 0 || absolute.upper < 0;
    },
  };
}

/** Of the share of the treatment's successes, as of the design; and of the difference, whichever is farther. */
function zOf(control: Trials, treatment: Trials): number {
  const events = control.successes + treatment.successes;
  if (events === 0) return 0;
  const { treatmentShare } = RARE;
  const bySplit =
    (treatment.successes - events * treatmentShare) / Math.sqrt(events * treatmentShare * (1 - treatmentShare));
  const rate = events / (control.trials + treatment.trials);
  const difference = treatment.successes / treatment.trials - control.successes / control.trials;
  const byDifference = difference / Math.sqrt(rate * (1 - rate) * (1 / control.trials + 1 / treatment.trials));
  return Math.max(Math.abs(bySplit), Math.abs(byDifference) || 0);
}

function isAsymptoticallyWrong(control: Trials, treatment: Trials): boolean {
  if (Math.min(control.trials, treatment.trials) < FIRST_UNITS) return false;
  const effect = differenceOfMeans(momentsOf(control), momentsOf(treatment));
  if (!(effect.standardError > 0)) return false;
  const { lower, upper } = confidenceSequence({ ...effect, count: control.trials + treatment.trials, alpha: ALPHA });
  return lower > 0 || upper < 0;
}

function momentsOf({ successes, trials }: Trials) {
  return momentsFromSums({ count: trials, sum: successes, sumOfSquares: successes });
}
