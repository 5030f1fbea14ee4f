import { cuped } from '../estimators/cuped.ts';
import type { Moments } from '../estimators/moments.ts';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { welch } from '../estimators/welch.ts';
import { addLook, emptySums, type Scenario } from './arm-stream.ts';
import { covariateSums, momentsOf, ratioOf, type Runs } from './always-valid.ts';
import { clusteredQuantile } from './clustered-quantile.ts';
import { share, type Share } from './monte-carlo.ts';

export interface CoverageResult {
  readonly quantity: string;
  /** Units in each arm. */
  readonly units: number;
  /** Standard deviation of one unit's number. */
  readonly sigma: number;
  /** Intervals at 95 %, one look, that held the true difference, which is 0. */
  readonly held: Share;
}

const UNITS = 2_000;
const ROWS_PER_UNIT = 4;
const QUANTILE_UNITS = 500;

const LOGNORMAL: Scenario = {
  name: 'log-normal revenue',
  what: 'log-normal outcomes with σ = 1; the covariate shares half of the logarithm; denominators of 1 to 9',
  units: () => UNITS,
  draw: (random) => {
    const usual = random.normal();
    const y = Math.exp(Math.SQRT1_2 * usual + Math.SQRT1_2 * random.normal());
    return [y, Math.exp(usual), 1 + Math.floor(9 * random.uniform())];
  },
};

/** Coverage of intervals for one look. */
export function simulateCoverage({ runs, seed }: Runs): CoverageResult[] {
  const random = seededRandom(seed);
  const quantities = {
    'mean of log-normal revenue': (): Arms => streamed(random, (sums) => momentsOf(sums)),
    'ratio of revenue to visits': (): Arms => streamed(random, (sums) => ratioOf(sums)),
    'mean with CUPED': (): Arms => adjusted(random),
    'median of rows, 4 a unit': (): Arms => [quantile(random, 0.5), quantile(random, 0.5)],
    '90 % quantile of rows, 4 a unit': (): Arms => [quantile(random, 0.9), quantile(random, 0.9)],
  };
  return Object.entries(quantities).map(([quantity, arms]) => {
    let held = 0;
    let variance = 0;
    let units = 0;
    for (let run = 0; run < runs; run += 1) {
      const [control, treatment] = arms();
      const { lower, upper } = welch(control, treatment);
      if (lower <= 0 && upper >= 0) held += 1;
      variance += control.variance / runs;
      units = control.count;
    }
    return { quantity, units, sigma: Math.sqrt(variance), held: share(held, runs) };
  });
}

type Arms = readonly [control: Moments, treatment: Moments];

function streamed(random: SeededRandom, read: (sums: ReturnType<typeof emptySums>) => Moments): Arms {
  const arms = [emptySums(), emptySums()] as const;
  for (const arm of arms) addLook(arm, LOGNORMAL, 1, random);
  return [read(arms[0]), read(arms[1])];
}

function adjusted(random: SeededRandom): Arms {
  const arms = [emptySums(), emptySums()] as const;
  for (const arm of arms) addLook(arm, LOGNORMAL, 1, random);
  const { control, treatment } = cuped(covariateSums(arms[0]), covariateSums(arms[1]));
  return [control, treatment];
}

function quantile(random: SeededRandom, level: number): Moments {
  const values = new Float64Array(QUANTILE_UNITS * ROWS_PER_UNIT);
  for (let unit = 0; unit < QUANTILE_UNITS; unit += 1) {
    const own = Math.exp(0.5 * random.normal());
    for (let row = 0; row < ROWS_PER_UNIT; row += 1) values[unit * ROWS_PER_UNIT + row] = own * random.exponential(100);
  }
  return clusteredQuantile(values, ROWS_PER_UNIT, level);
}
