import type { Moments } from './moments.ts';

/** Count, means and covariances of several numbers per unit. */
export interface JointMoments {
  /** Number of units. */
  readonly count: number;
  readonly means: readonly number[];
  /** Sample covariances (denominator n − 1), symmetric. */
  readonly covariances: readonly (readonly number[])[];
}

/** Sums over units of the deviations of each number from a centre: near the mean no digits are lost in the squares. */
export interface CentredSums {
  readonly count: number;
  readonly centres: readonly number[];
  /** Σ (v_i − c_i). */
  readonly sums: readonly number[];
  /** Σ (v_i − c_i)(v_j − c_j), symmetric. */
  readonly products: readonly (readonly number[])[];
}

/** @throws RangeError for fewer than two units, or numbers that are not finite */
export function jointMomentsFromSums({ count, centres, sums, products }: CentredSums): JointMoments {
  if (!Number.isSafeInteger(count) || count < 2)
    throw new RangeError(`joint moments: needs at least 2 units, got ${count}`);
  const deviation = (i: number): number => finite(sums[i]) / count;
  return {
    count,
    means: centres.map((centre, i) => centre + deviation(i)),
    covariances: centres.map((_, i) =>
      centres.map((__, j) => {
        const product = finite(products[i]?.[j]) - count * deviation(i) * deviation(j);
        return (i === j ? Math.max(0, product) : product) / (count - 1);
      }),
    ),
  };
}

/**
 * Joint moments of linear combinations Σ_j weights[r][j] · v_j + constants[r] of the numbers, r by r.
 *
 * @throws RangeError where a row of weights does not fit the numbers
 */
export function combinedMoments(
  { count, means, covariances }: JointMoments,
  weights: readonly (readonly number[])[],
  constants: readonly number[],
): JointMoments {
  for (const row of weights)
    if (row.length !== means.length)
      throw new RangeError(`joint moments: ${row.length} weights for ${means.length} numbers`);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, index) => (value === 0 ? sum : sum + value * (b[index] ?? 0)), 0);
  const images = weights.map((row) => covariances.map((covariance) => dot(row, covariance)));
  return {
    count,
    means: weights.map((row, r) => dot(row, means) + (constants[r] ?? 0)),
    covariances: weights.map((row) => images.map((image) => dot(row, image))),
  };
}

/** The moments of one of the numbers. */
export function momentsAt({ count, means, covariances }: JointMoments, index: number): Moments {
  const [mean, variance] = [means[index], covariances[index]?.[index]];
  if (mean === undefined || variance === undefined) throw new RangeError(`joint moments: there is no number ${index}`);
  return { count, mean, variance: Math.max(0, variance) };
}

function finite(value: number | undefined): number {
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new RangeError(`joint moments: a sum is ${value}`);
}
