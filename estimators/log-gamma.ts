const HALF_LOG_TWO_PI = 0.918_938_533_204_672_8;
/** From here on Stirling's series below is exact to a double. */
const SERIES_FROM = 15;

/**
 * Natural logarithm of the gamma function of a positive number, to about 1e-15 of its size: Stirling's series (Abramowitz & Stegun 6.1.41) from 15 on,
 * below by the recurrence.
 *
 * @throws RangeError unless x is above 0 and finite
 */
export function logGamma(x: number): number {
  if (!(x > 0) || !Number.isFinite(x)) throw new RangeError(`log gamma: needs a finite number above 0, got ${x}`);
  let product = 1;
  let at = x;
  for (; at < SERIES_FROM; at += 1) product *= at;
  const r = 1 / (at * at);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1_260 - r * (1 / 1_680 - r / 1_188)))) / at;
  return (at - 0.5) * Math.log(at) - at + HALF_LOG_TWO_PI + series - Math.log(product);
}

/** Natural logarithm of the beta function. @throws RangeError unless both are above 0 and finite */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}
