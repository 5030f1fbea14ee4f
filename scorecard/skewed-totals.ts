import type { CovariateSums } from '../estimators/cuped.ts';
import { momentsFromSums } from '../estimators/moments.ts';
import { isCarriedByFew } from '../estimators/stopping/carriers.ts';
import type { JudgedMetric } from './build.ts';

/** Totals per unit: many units have none, a few may have much. */
const TOTALS: ReadonlySet<JudgedMetric['type']> = new Set(['count', 'sum', 'count_distinct']);

/** Whether a total that is watched all the time may not be read yet; see `isCarriedByFew`. */
export function isTooSkewed({ type }: JudgedMetric, control: CovariateSums, treatment: CovariateSums): boolean {
  if (!TOTALS.has(type)) return false;
  if (control.sumYY === 0 && treatment.sumYY === 0) return false;
  return isCarriedByFew(momentsOf(control), momentsOf(treatment));
}

function momentsOf({ count, sumY, sumYY }: CovariateSums) {
  return momentsFromSums({ count, sum: sumY, sumOfSquares: sumYY });
}
