import jstat from 'jstat';
import { normalTail } from '../normal.ts';
import { twoSidedQuantile } from '../student-t.ts';

const STEPS = 400;
/** How many standard deviations of χ/√ν around 1 are integrated over. */
const REACH = 9;
/** From here on χ/√ν is 1 as far as power is concerned. */
const LARGE = 1e7;

/**
 * Power of the two-sided t-test: the probability that |T| exceeds its critical value, T noncentral t with ν degrees of freedom. By Simpson's
 * rule over s = χ/√ν: P(|T| > c) = ∫ [Q(c s − δ) + Q(c s + δ)] f(s) ds, Q the normal tail.
 *
 * Source: J. Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), section 2.4; N. L. Johnson, S. Kotz, N. Balakrishnan,
 * Continuous Univariate Distributions 2 (1995), chapter 31.
 *
 * @param noncentrality the true effect over its standard error
 * @param alpha two-sided level in (0, 1)
 * @throws RangeError for degrees of freedom that are not above 0
 */
export function tTestPower(noncentrality: number, degreesOfFreedom: number, alpha: number): number {
  if (!(degreesOfFreedom > 0))
    throw new RangeError(`power: degrees of freedom must be above 0, got ${degreesOfFreedom}`);
  const critical = twoSidedQuantile(alpha, degreesOfFreedom);
  const beyond = (s: number): number =>
    normalTail(critical * s - noncentrality) + normalTail(critical * s + noncentrality);
  if (degreesOfFreedom > LARGE) return beyond(1);
  const deviation = 1 / Math.sqrt(2 * degreesOfFreedom);
  const from = Math.max(0, 1 - REACH * deviation);
  const to = 1 + REACH * deviation;
  const width = (to - from) / STEPS;
  let sum = 0;
  let mass = 0;
  for (let step = 0; step <= STEPS; step += 1) {
    const s = from + step * width;
    const weight = step === 0 || step === STEPS ? 1 : step % 2 === 1 ? 4 : 2;
    const density = weight * chiDensity(s, degreesOfFreedom);
    sum += density * beyond(s);
    mass += density;
  }
  // Dividing by the mass takes the density's constant and the little that lies beyond the reach out again.
  return Math.min(1, sum / mass);
}

/** Density of χ_ν / √ν. */
function chiDensity(s: number, degreesOfFreedom: number): number {
  if (s <= 0) return 0;
  const half = degreesOfFreedom / 2;
  const log = (degreesOfFreedom - 1) * Math.log(s) - half * (s * s - 1);
  return Math.exp(log + Math.log(2) + half * Math.log(half) - half - jstat.jStat.gammaln(half));
}
