import jstat from 'jstat';
import { incompleteBeta } from './incomplete-beta.ts';

const { studentt } = jstat.jStat;

/** Two-sided tail probability of Student's t, through the incomplete beta function: 1 minus a distribution function underflows to 0. */
export function twoSidedTail(t: number, degreesOfFreedom: number): number {
  return incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
}

/** The value that |t| exceeds with probability `alpha`. jstat's quantile has eight digits; two Newton steps give the rest. */
export function twoSidedQuantile(alpha: number, degreesOfFreedom: number): number {
  let quantile = studentt.inv(1 - alpha / 2, degreesOfFreedom);
  for (let step = 0; step < 2; step += 1) {
    quantile += (twoSidedTail(quantile, degreesOfFreedom) - alpha) / (2 * studentt.pdf(quantile, degreesOfFreedom));
  }
  return quantile;
}
