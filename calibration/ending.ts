import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { futilityDesign, type FutilityDesign } from '../estimators/stopping/futility-boundaries.ts';
import { reachedPower } from '../estimators/stopping/reached-power.ts';
import { ALPHA, LOOKS, type Runs } from './always-valid.ts';
import { share } from './monte-carlo.ts';
import type { PromiseKept } from './promise.ts';

const FRACTIONS = [0.15, 0.4, 0.6, 0.85, 1] as const;
const POWER = 0.8;

/** Group-sequential experiments that give up, one-sided at half of 5 %; five looks, not evenly spaced. */
export function simulateFutility({ runs, seed }: Runs): PromiseKept[] {
  const random = seededRandom(seed);
  const designs = ([false, true] as const).map((isBinding) =>
    futilityDesign({
      alphaSpending: 'obrien-fleming',
      betaSpending: 'obrien-fleming',
      alpha: ALPHA / 2,
      beta: 1 - POWER,
      informationFractions: FRACTIONS,
      isBinding,
    }),
  );
  const [free, binding] = designs;
  if (free === undefined || binding === undefined) throw new RangeError('futility: no design');
  const hits = { ignored: 0, obeyed: 0, binding: 0, found: 0, gaveUp: 0 };
  for (let run = 0; run < runs; run += 1) {
    const path = brownian(random);
    hits.ignored += endOf(free, path, false) === 'success' ? 1 : 0;
    const obeyed = endOf(free, path, true);
    hits.obeyed += obeyed === 'success' ? 1 : 0;
    hits.gaveUp += obeyed === 'given up' ? 1 : 0;
    hits.binding += endOf(binding, path, true) === 'success' ? 1 : 0;
    const shifted = path.map((z, look) => z + free.drift * Math.sqrt(FRACTIONS[look] ?? NaN));
    hits.found += endOf(free, shifted, true) === 'success' ? 1 : 0;
  }
  const line = (method: string, promise: PromiseKept['promise'], level: number, count: number): PromiseKept => ({
    method,
    promise,
    level,
    found: share(count, runs),
  });
  return [
    line('no effect, futility ignored: wrongly a success', 'exactly', ALPHA / 2, hits.ignored),
    line('no effect, futility obeyed: wrongly a success', 'at most', ALPHA / 2, hits.obeyed),
    line('no effect, binding futility: wrongly a success', 'exactly', ALPHA / 2, hits.binding),
    line('the planned effect, futility obeyed: a success', 'exactly', POWER, hits.found),
    line('no effect: given up before the last look', 'nothing', 0, hits.gaveUp),
  ];
}

function brownian(random: SeededRandom): number[] {
  let [score, before] = [0, 0];
  return FRACTIONS.map((at) => {
    score += Math.sqrt(at - before) * random.normal();
    before = at;
    return score / Math.sqrt(at);
  });
}

function endOf({ upper, lower }: FutilityDesign, path: readonly number[], isObeyed: boolean) {
  for (const [look, z] of path.entries()) {
    if (z >= (upper[look] ?? Infinity)) return 'success';
    if (isObeyed && look < path.length - 1 && z < (lower[look] ?? -Infinity)) return 'given up';
  }
  return 'no answer';
}

const UNITS_PER_LOOK = 100;
const TARGET = 0.1;

/**
 * Always-valid experiments that end once an effect of a tenth of a standard deviation would have been found with 80 %, by the standard error of the units that are
 * there.
 */
export function simulateTargets({ runs, seed }: Runs): PromiseKept[] {
  const random = seededRandom(seed);
  const outcomes = [0, TARGET].map((effect) => {
    let found = 0;
    for (let run = 0; run < runs; run += 1) found += isFound(random, effect) ? 1 : 0;
    return share(found, runs);
  });
  const [none, some] = outcomes;
  if (none === undefined || some === undefined) throw new RangeError('targets: no outcome');
  return [
    { method: 'ended by its target, no effect: ever wrong', promise: 'at most', level: ALPHA, found: none },
    { method: 'ended by its target, the wanted effect: found', promise: 'at least', level: POWER, found: some },
  ];
}

/** Sums of so many units are normal; their variance is estimated, as a chi-square of them would be. */
function isFound(random: SeededRandom, effect: number): boolean {
  let [count, sum, squares] = [0, 0, 0];
  for (let look = 1; look <= LOOKS; look += 1) {
    const [drawn, noise] = [random.normal(), random.normal()];
    count += UNITS_PER_LOOK;
    sum += UNITS_PER_LOOK * effect + Math.sqrt(UNITS_PER_LOOK * 4) * drawn;
    squares += UNITS_PER_LOOK + Math.sqrt(2 * UNITS_PER_LOOK) * noise;
    const standardError = 2 * Math.sqrt(squares / count / count);
    const { lower, upper } = confidenceSequence({ estimate: sum / count, standardError, count, alpha: ALPHA });
    if (lower > 0 || upper < 0) return true;
    const power = reachedPower({ rule: 'always-valid' }, { standardError, count, alpha: ALPHA }, TARGET);
    if (power >= POWER) return false;
  }
  return false;
}
