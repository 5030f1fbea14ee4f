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

/**
 * Joint moments over all units of several groups together, such as arms or folds.
 *
 * @throws RangeError without groups, or where they hold different numbers
 */
export function pooledJointMoments(groups: readonly JointMoments[]): JointMoments {
  const [first, ...others] = groups;
  if (first === undefined) throw new RangeError('joint moments: there are no groups to pool');
  return others.reduce(pair, first);
}

function pair(a: JointMoments, b: JointMoments): JointMoments {
  if (a.means.length !== b.means.length)
    throw new RangeError(`joint moments: groups of ${a.means.length} and ${b.means.length} numbers cannot be pooled`);
  const count = a.count + b.count;
  const gap = a.means.map((mean, index) => (b.means[index] ?? 0) - mean);
  const between = (a.count * b.count) / count;
  return {
    count,
    means: a.means.map((mean, index) => mean + ((gap[index] ?? 0) * b.count) / count),
    covariances: a.covariances.map((row, i) =>
      row.map((covariance, j) => {
        const within = (a.count - 1) * covariance + (b.count - 1) * (b.covariances[i]?.[j] ?? 0);
        return (within + between * ((gap[i] ?? 0) * (gap[j] ?? 0))) / (count - 1);
      }),
    ),
  };
}

function finite(value: number | undefined): number {
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new RangeError(`joint moments: a sum is ${value}`);
}
