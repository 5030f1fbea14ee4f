import jstat from 'jstat';

const MAX_ITERATIONS = 10_000;
const PRECISION = 1e-16;
const TINY = 1e-300;

/**
 * Probability that a chi-square variable with `degreesOfFreedom` exceeds `value`: the regularised upper incomplete gamma function
 * Q(k/2, x/2), by its series below the mean and Lentz's continued fraction above it (Press et al., Numerical Recipes, 3rd ed., section 6.2),
 * so that small probabilities keep their digits.
 *
 * @throws RangeError for a negative value, or degrees of freedom that are not above 0
 */
export function upperChiSquare(value: number, degreesOfFreedom: number): number {
  if (!(value >= 0) || !(degreesOfFreedom > 0)) {
    throw new RangeError(
      `chi-square: needs a value of at least 0 and degrees of freedom above 0, got ${value} and ${degreesOfFreedom}`,
    );
  }
  const a = degreesOfFreedom / 2;
  const x = value / 2;
  if (x === 0) return 1;
  if (x === Infinity) return 0;
  const scale = Math.exp(-x + a * Math.log(x) - jstat.jStat.gammaln(a));
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x);
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MAX_ITERATIONS && term > sum * PRECISION; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let result = d;
  for (let i = 1; i < MAX_ITERATIONS; i += 1) {
    const numerator = -i * (i - a);
    b += 2;
    d = 1 / nonZero(numerator * d + b);
    c = nonZero(b + numerator / c);
    const factor = d * c;
    result *= factor;
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return result;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
