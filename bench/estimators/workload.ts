import type { CovariateSums } from '../../estimators/cuped.ts';
import { seededRandom, type SeededRandom } from '../../estimators/seeded-random.ts';
import type { MetricRow } from './whole-path.ts';

/** Enough units that the sums have all their digits, few enough that rows are made at once. */
const UNITS_PER_ARM = 200;

/** Metrics that all differ, each with a covariate that explains a part of it. The same for the same seed. */
export function createRows(count: number, seed: number): MetricRow[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const slope = random.uniform();
    return { control: armSums(random, slope, 0), treatment: armSums(random, slope, 0.2 * random.normal()) };
  });
}

function armSums(random: SeededRandom, slope: number, effect: number): CovariateSums {
  let [sumY, sumYY, sumX, sumXX, sumXY] = [0, 0, 0, 0, 0];
  for (let unit = 0; unit < UNITS_PER_ARM; unit += 1) {
    const x = random.exponential(3);
    const y = 5 + slope * x + random.normal() + effect;
    sumY += y;
    sumYY += y * y;
    sumX += x;
    sumXX += x * x;
    sumXY += x * y;
  }
  return { count: UNITS_PER_ARM, sumY, sumYY, sumX, sumXX, sumXY };
}
