import type { CovariateSums } from '../estimators/cuped.ts';
import type { JudgedMetric } from './build.ts';

/** Arms that differ by less than this in size keep each other's skewness in balance. */
const EQUAL_ENOUGH = 0.5;
/**
 * So many equal units would have to carry the smaller arm's mean. Simulated, looked at a hundred times, a tenth of the units treated: where fewer do, asymptotic
 * sequences for revenue of few payers are ever wrong in 11 to 22 % of experiments instead of 5 %; from here on in at most 3 %.
 */
const FEW_CARRIERS = 100;

const SKEWED: ReadonlySet<JudgedMetric['type']> = new Set(['count', 'sum', 'count_distinct']);

/**
 * Whether a metric that is watched all the time may not be read yet: totals of which most units have none, in an arm that is small beside the other. (Σy)² / Σy² is the
 * number of units that would carry the mean if all of them had as much.
 */
export function isCarriedByFew(metric: JudgedMetric, control: CovariateSums, treatment: CovariateSums): boolean {
  if (!SKEWED.has(metric.type)) return false;
  const [smaller, larger] = control.count < treatment.count ? [control, treatment] : [treatment, control];
  if (smaller.count >= EQUAL_ENOUGH * larger.count) return false;
  return smaller.sumYY > 0 && smaller.sumY ** 2 / smaller.sumYY < FEW_CARRIERS;
}
