import { seededRandom } from '../estimators/seeded-random.ts';
import { logBernoulliMixture, mixtureConcentration } from '../estimators/stopping/bernoulli-mixture.ts';
import { quantileDifferenceSequence, quantileRanks, rankedValues } from '../estimators/stopping/quantile-sequence.ts';
import { ALPHA, LOOKS, type Runs } from './always-valid.ts';
import { share } from './monte-carlo.ts';
import type { PromiseKept } from './promise.ts';

const UNITS_PER_LOOK = 20;
const TUNED_FOR = 1_000;

/** The medians and 95 % quantiles of two arms that are alike and skewed (exponential), looked at `LOOKS` times. */
export function simulateQuantiles({ runs, seed }: Runs): PromiseKept[] {
  return [0.5, 0.95].flatMap((quantile, index) => simulateQuantile(quantile, { runs, seed: seed + index }));
}

function simulateQuantile(quantile: number, { runs, seed }: Runs): PromiseKept[] {
  const random = seededRandom(seed);
  const tuning = { quantile, alpha: ALPHA, tunedForCount: TUNED_FOR };
  const concentration = mixtureConcentration(tuning);
  const limit = -Math.log(ALPHA);
  const ranks = Array.from({ length: LOOKS }, (_, look) => quantileRanks((look + 1) * UNITS_PER_LOOK, tuning));
  const wrong = { one: 0, difference: 0 };
  for (let run = 0; run < runs; run += 1) {
    const arms = [new Float64Array(LOOKS * UNITS_PER_LOOK), new Float64Array(LOOKS * UNITS_PER_LOOK)] as const;
    const below: [number, number] = [0, 0];
    const is = { one: false, difference: false };
    for (let look = 1; look <= LOOKS; look += 1) {
      const count = look * UNITS_PER_LOOK;
      for (const side of [0, 1] as const)
        for (let unit = count - UNITS_PER_LOOK; unit < count; unit += 1) {
          const at = random.uniform();
          arms[side][unit] = -Math.log(1 - at);
          below[side] += at < quantile ? 1 : 0;
        }
      const interval = ranks[look - 1];
      is.one ||= interval !== undefined && (below[0] < interval.lower || below[0] >= interval.upper);
      // Only where both quantiles together are outside can their difference be.
      const evidence = below.map((successes) =>
        logBernoulliMixture({ successes, trials: count }, quantile, concentration),
      );
      if (!is.difference && (evidence[0] ?? 0) + (evidence[1] ?? 0) >= limit) {
        const [control, treatment] = arms.map((values) => rankedValues(values.slice(0, count).sort()));
        if (control === undefined || treatment === undefined) continue;
        const { lower, upper } = quantileDifferenceSequence(control, treatment, tuning);
        is.difference = lower > 0 || upper < 0;
      }
    }
    wrong.one += is.one ? 1 : 0;
    wrong.difference += is.difference ? 1 : 0;
  }
  const name = quantile === 0.5 ? 'median' : `${100 * quantile} % quantile`;
  const line = (method: string, hits: number): PromiseKept => ({
    method,
    promise: 'at most',
    level: ALPHA,
    found: share(hits, runs),
  });
  return [line(`${name} of one arm`, wrong.one), line(`difference of two arms' ${name}s`, wrong.difference)];
}
