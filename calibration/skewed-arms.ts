import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { momentsFromSums } from '../estimators/moments.ts';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { FEW_CARRIERS, isCarriedByFew } from '../estimators/stopping/carriers.ts';
import { ALPHA, LOOKS, type Runs } from './always-valid.ts';
import { share } from './monte-carlo.ts';
import type { PromiseKept } from './promise.ts';

const UNITS_PER_LOOK = 200;
const TREATED = 1 / 10;
const FIRST_UNITS = 100;
const SIGMA = 1.2;

/** Revenue of few payers, a tenth of the units treated, looked at `LOOKS` times; no effect. */
export function simulateSkewedArms({ runs, seed }: Runs): PromiseKept[] {
  return [0.5, 0.3].flatMap((payers, index) => simulate(payers, { runs, seed: seed + index }));
}

function simulate(payers: number, { runs, seed }: Runs): PromiseKept[] {
  const random = seededRandom(seed);
  const wrong = { carried: 0, always: 0 };
  for (let run = 0; run < runs; run += 1) {
    const arms = [new Revenue(), new Revenue()] as const;
    const is = { carried: false, always: false };
    for (let look = 1; look <= LOOKS; look += 1) {
      for (let unit = 0; unit < UNITS_PER_LOOK; unit += 1) arms[random.uniform() < TREATED ? 1 : 0].add(random, payers);
      if (is.carried || arms[1].count < FIRST_UNITS || arms[1].sum === 0) continue;
      const [control, treatment] = [momentsFromSums(arms[0]), momentsFromSums(arms[1])];
      const count = control.count + treatment.count;
      const { lower, upper } = confidenceSequence({ ...differenceOfMeans(control, treatment), count, alpha: ALPHA });
      if (lower <= 0 && upper >= 0) continue;
      is.always = true;
      is.carried = !isCarriedByFew(control, treatment);
    }
    wrong.always += is.always ? 1 : 0;
    wrong.carried += is.carried ? 1 : 0;
  }
  const what = `${100 * payers} % pay`;
  const found = (hits: number) => ({ level: ALPHA, found: share(hits, runs) });
  return [
    {
      method: `${what}: read once ${FEW_CARRIERS} units carry the smaller mean`,
      promise: 'at most',
      ...found(wrong.carried),
    },
    { method: `${what}: read from the first 100 units on`, promise: 'nothing', ...found(wrong.always) },
  ];
}

class Revenue {
  count = 0;
  sum = 0;
  sumOfSquares = 0;

  add(random: SeededRandom, payers: number): void {
    this.count += 1;
    if (random.uniform() >= payers) return;
    const spent = Math.exp(SIGMA * random.normal());
    this.sum += spent;
    this.sumOfSquares += spent * spent;
  }
}
