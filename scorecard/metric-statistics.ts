import type { CovariateSums } from '../estimators/cuped.ts';
import { linearizedSums } from '../estimators/metrics/ratio-sums.ts';

/** Sums over the units of one arm: the metric y (of a quotient its numerator), its covariate x, the denominator d (null where there is none). */
export interface CountedSums extends CovariateSums {
  readonly sumD: number | null;
  readonly sumDD: number | null;
  readonly sumYD: number | null;
  readonly sumXD: number | null;
}

/** As the estimators read it: of a quotient, its linearized number per unit. Null where a quotient has nothing yet to divide by. */
export function readableSums({ sumD, sumDD, sumYD, sumXD, ...sums }: CountedSums): CovariateSums | null {
  if (sumD === null || sumDD === null || sumYD === null || sumXD === null) return sums;
  return linearizedSums({ ...sums, sumD, sumDD, sumYD, sumXD });
}
