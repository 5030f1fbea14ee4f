import jstat from 'jstat';
import { incompleteBeta } from './incomplete-beta.ts';

const { studentt } = jstat.jStat;

/** Two-sided tail probability of Student's t, through the incomplete beta function: 1 minus a distribution function underflows to 0. */
export function twoSidedTail(t: number, degreesOfFreedom: number): number {
  return incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
}

/**
 * The value that |t| exceeds with probability `alpha`. jstat's quantile has eight digits and none far out; Newton steps on the logarithm of the
 * tail give the rest.
 */
export function twoSidedQuantile(alpha: number, degreesOfFreedom: number): number {
  let quantile =
    alpha > JSTAT_FROM ? studentt.inv(1 - alpha / 2, degreesOfFreedom) : farQuantile(alpha, degreesOfFreedom);
  for (let step = 0; step < 3; step += 1) {
    const tail = twoSidedTail(quantile, degreesOfFreedom);
    quantile += (tail * Math.log(tail / alpha)) / (2 * studentt.pdf(quantile, degreesOfFreedom));
  }
  return quantile;
}

const JSTAT_FROM = 1e-6;

/** By halving the interval on a logarithmic scale. */
function farQuantile(alpha: number, degreesOfFreedom: number): number {
  let low = 1;
  let high = 2;
  while (twoSidedTail(high, degreesOfFreedom) > alpha && high < 1e150) high *= high;
  while (high / low > 1 + 1e-9) {
    const middle = Math.sqrt(low * high);
    if (twoSidedTail(middle, degreesOfFreedom) > alpha) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}
