import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { momentsFromSums } from '../estimators/moments.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import type { Trials } from '../estimators/stopping/bernoulli-mixture.ts';
import { eventSplit } from '../estimators/stopping/event-split.ts';
import { RATIO_SHARE } from '../estimators/stopping/proportion-sequence.ts';
import { ALPHA, LOOKS, type Runs } from './always-valid.ts';
import { share } from './monte-carlo.ts';
import type { PromiseKept } from './promise.ts';

const RARE = { unitsPerLook: 120, rate: 0.01, treatmentShare: 1 / 4 } as const;
/** As `umpire analyze` has it: from so many successes on the asymptotic sequence is read. */
const FEW_SUCCESSES = 100;
/** Nobody reads an asymptotic confidence sequence below this. */
const FIRST_UNITS = 100;

/** Experiments without an effect on a proportion of 1 %, with unequal arms, looked at `LOOKS` times. */
export function simulateRareProportions({ runs, seed }: Runs): PromiseKept[] {
  const random = seededRandom(seed);
  const wrong = { exact: 0, auto: 0, asymptotic: 0 };
  for (let run = 0; run < runs; run += 1) {
    const arms = [new Counter(), new Counter()] as const;
    const is = { exact: false, auto: false, asymptotic: false };
    for (let look = 1; look <= LOOKS; look += 1) {
      for (let unit = 0; unit < RARE.unitsPerLook; unit += 1) {
        const arm = arms[random.uniform() < RARE.treatmentShare ? 1 : 0];
        arm.trials += 1;
        arm.successes += random.bernoulli(RARE.rate);
      }
      const exact = isExactlyWrong(arms[0], arms[1]);
      const asymptotic = isAsymptoticallyWrong(arms[0], arms[1]);
      is.exact ||= exact;
      is.asymptotic ||= asymptotic;
      is.auto ||= arms[0].successes + arms[1].successes < FEW_SUCCESSES ? exact : asymptotic;
    }
    for (const method of ['exact', 'auto', 'asymptotic'] as const) wrong[method] += is[method] ? 1 : 0;
  }
  const line = (method: string, promise: PromiseKept['promise'], hits: number): PromiseKept => ({
    method,
    promise,
    level: ALPHA,
    found: share(hits, runs),
  });
  return [
    line('exact test and intervals', 'at most', wrong.exact),
    line(`exact below ${FEW_SUCCESSES} successes, then asymptotic`, 'at most', wrong.auto),
    line('asymptotic from the first 100 units on', 'nothing', wrong.asymptotic),
  ];
}

class Counter {
  successes = 0;
  trials = 0;
}

/** Both intervals of `proportionSequence` exclude 0 exactly where its p-value is at most alpha, and that is `eventSplit`'s, which is quick. */
function isExactlyWrong(control: Trials, treatment: Trials): boolean {
  const events = { control: control.successes, treatment: treatment.successes };
  const alpha = RATIO_SHARE * ALPHA;
  return eventSplit(events, { alpha, treatmentShare: RARE.treatmentShare, tunedForCount: 100 }).pValue <= alpha;
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
