/** Count, mean and variance of one number per unit. */
export interface Moments {
  /** Number of units. */
  readonly count: number;
  readonly mean: number;
  /** Sample variance (denominator n − 1); 0 for a single unit. */
  readonly variance: number;
}

export interface Sums {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

/** How far below 0 rounding may take a sum of squared deviations, relative to the sum of squares. */
const ROUNDING_RATIO = 1e-9;

/**
 * Moments from sums, as SQL gives them.
 *
 * @throws RangeError where the sums cannot belong to any numbers
 */
export function momentsFromSums({ count, sum, sumOfSquares }: Sums): Moments {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`moments: count must be a whole number of at least 1, got ${count}`);
  }
  if (!Number.isFinite(sum) || !Number.isFinite(sumOfSquares)) {
    throw new RangeError(`moments: sums must be finite, got ${sum} and ${sumOfSquares}`);
  }
  const mean = sum / count;
  const deviations = sumOfSquares - sum * mean;
  if (deviations < -ROUNDING_RATIO * Math.max(1, sumOfSquares)) {
    throw new RangeError(
      `moments: a sum of squares of ${sumOfSquares} cannot belong to ${count} values that sum to ${sum}`,
    );
  }
  return { count, mean, variance: count === 1 ? 0 : Math.max(0, deviations) / (count - 1) };
}

/**
 * Moments of values, by Welford's update (Technometrics 4, 1962), which does not lose digits where the mean is large.
 *
 * @throws RangeError for no values, or one that is not finite
 */
export function momentsOf(values: ArrayLike<number>): Moments {
  let mean = 0;
  let deviations = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? NaN;
    if (!Number.isFinite(value)) throw new RangeError(`moments: value ${i} is ${value}`);
    const delta = value - mean;
    mean += delta / (i + 1);
    deviations += delta * (value - mean);
  }
  if (values.length === 0) throw new RangeError('moments: there are no values');
  return { count: values.length, mean, variance: values.length === 1 ? 0 : deviations / (values.length - 1) };
}

/** @throws RangeError where an arm has fewer than two units, or numbers that cannot be */
export function assertArm(estimator: string, arm: string, { count, mean, variance }: Moments): void {
  if (!Number.isSafeInteger(count) || count < 2) {
    throw new RangeError(`${estimator}: needs at least 2 units in ${arm}, got ${count}`);
  }
  if (!Number.isFinite(mean) || !Number.isFinite(variance) || variance < 0) {
    throw new RangeError(`${estimator}: ${arm} has mean ${mean} and variance ${variance}`);
  }
}

/** @throws RangeError unless 0 < alpha < 1 */
export function assertAlpha(estimator: string, alpha: number): void {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`${estimator}: alpha must lie between 0 and 1, got ${alpha}`);
}
