import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { momentsFromSums } from '../estimators/moments.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import type { Trials } from '../estimators/stopping/bernoulli-mixture.ts';
import { eventSplit } from '../estimators/stopping/event-split.ts';
import { RATIO_SHARE } from '../estimators/stopping/proportion-sequence.ts';
import { FEW_OUTCOMES, isRare } from '../estimators/stopping/rarer-outcome.ts';
import { ALPHA, LOOKS, type Runs } from './always-valid.ts';
import { share } from './monte-carlo.ts';
import type { PromiseKept } from './promise.ts';

interface Rare {
  readonly what: string;
  readonly unitsPerLook: number;
  readonly rate: number;
  readonly treatmentShare: number;
}

const RARE: readonly Rare[] = [
  { what: '1 % succeed, a quarter treated', unitsPerLook: 120, rate: 0.01, treatmentShare: 1 / 4 },
  { what: '0.2 % succeed, a tenth treated', unitsPerLook: 200, rate: 0.002, treatmentShare: 1 / 10 },
  { what: '5 % succeed, a tenth treated', unitsPerLook: 200, rate: 0.05, treatmentShare: 1 / 10 },
];
/** Nobody reads an asymptotic confidence sequence below this. */
const FIRST_UNITS = 100;

/** Experiments without an effect on a proportion, with unequal arms, looked at `LOOKS` times. */
export function simulateRareProportions({ runs, seed }: Runs): PromiseKept[] {
  return RARE.flatMap((rare, index) => simulateRare(rare, { runs, seed: seed + index }));
}

function simulateRare(rare: Rare, { runs, seed }: Runs): PromiseKept[] {
  const random = seededRandom(seed);
  const wrong = { exact: 0, auto: 0, asymptotic: 0 };
  for (let run = 0; run < runs; run += 1) {
    const arms = [new Counter(), new Counter()] as const;
    const is = { exact: false, auto: false, asymptotic: false };
    for (let look = 1; look <= LOOKS; look += 1) {
      for (let unit = 0; unit < rare.unitsPerLook; unit += 1) {
        const arm = arms[random.uniform() < rare.treatmentShare ? 1 : 0];
        arm.trials += 1;
        arm.successes += random.bernoulli(rare.rate);
      }
      const exact = isExactlyWrong(arms[0], arms[1], rare);
      const asymptotic = isAsymptoticallyWrong(arms[0], arms[1]);
      is.exact ||= exact;
      is.asymptotic ||= asymptotic;
      is.auto ||= isRare(arms[0], arms[1]) ? exact : asymptotic;
    }
    for (const method of ['exact', 'auto', 'asymptotic'] as const) wrong[method] += is[method] ? 1 : 0;
  }
  const line = (method: string, promise: PromiseKept['promise'], hits: number): PromiseKept => ({
    method: `${rare.what}: ${method}`,
    promise,
    level: ALPHA,
    found: share(hits, runs),
  });
  return [
    line('exact test and intervals', 'at most', wrong.exact),
    line(`exact below ${FEW_OUTCOMES} successes in an arm, then asymptotic`, 'at most', wrong.auto),
    line('asymptotic from the first 100 units on', 'nothing', wrong.asymptotic),
  ];
}

class Counter {
  successes = 0;
  trials = 0;
}

/** Both intervals of `proportionSequence` exclude 0 exactly where its p-value is at most alpha, and that is `eventSplit`'s, which is quick. */
function isExactlyWrong(control: Trials, treatment: Trials, { treatmentShare }: Rare): boolean {
  const events = { control: control.successes, treatment: treatment.successes };
  const alpha = RATIO_SHARE * ALPHA;
  return eventSplit(events, { alpha, treatmentShare, tunedForCount: 100 }).pValue <= alpha;
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
