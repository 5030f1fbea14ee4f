/** How far values on [0, 1] are from being spread evenly. */
export interface UniformityTest {
  /** The largest distance of their distribution from the even one. */
  readonly statistic: number;
  readonly pValue: number;
}

const MOST_TERMS = 100;

/**
 * The one-sample Kolmogorov-Smirnov test against the uniform distribution on [0, 1], with the asymptotic distribution and Stephens' correction
 * for few values: from 200 values on within 0.005 of the exact p-value, from 20 on within 0.02.
 *
 * Source: M. A. Stephens, "Use of the Kolmogorov-Smirnov, Cramer-von Mises and related statistics without extensive tables", Journal of the
 * Royal Statistical Society B 32 (1970), 115–122; W. H. Press et al., Numerical Recipes, 3rd ed., section 14.3.3.
 *
 * @throws RangeError for no values, or one outside [0, 1]
 */
export function uniformityTest(values: readonly number[]): UniformityTest {
  const count = values.length;
  if (count === 0) throw new RangeError('uniformity: there are no values');
  for (const value of values)
    if (!(value >= 0 && value <= 1)) throw new RangeError(`uniformity: values lie between 0 and 1, got ${value}`);
  const sorted = [...values].sort((a, b) => a - b);
  const statistic = sorted.reduce(
    (most, value, index) => Math.max(most, (index + 1) / count - value, value - index / count),
    0,
  );
  const root = Math.sqrt(count);
  return { statistic, pValue: upperKolmogorov((root + 0.12 + 0.11 / root) * statistic) };
}

/** The probability that Kolmogorov's distribution exceeds a value. */
function upperKolmogorov(value: number): number {
  // Below, the series needs many terms, and the probability is 1 to sixteen digits.
  if (value < 0.2) return 1;
  let sum = 0;
  for (let term = 1; term <= MOST_TERMS; term += 1) {
    const size = Math.exp(-2 * term * term * value * value);
    sum += (term % 2 === 1 ? 1 : -1) * size;
    if (size < 1e-17) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}
