import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { JointMoments } from '../joint-moments.ts';

/** A linear prediction of the outcome. */
export interface LinearPrediction {
  readonly intercept: number;
  /** One for each feature. */
  readonly slopes: readonly number[];
}

/**
 * Ridge regression with an intercept that is not shrunk: the slopes that make Σ (y − a − b'x)² + λ b'b smallest, from the moments alone. Slopes depend
 * on the scale of the features; standardize them where their units differ.
 *
 * Source: A. E. Hoerl, R. W. Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 12 (1970), 55–67, equation 2.1.
 *
 * @param moments per unit: the outcome first, then the features
 * @param penalty λ, above 0
 * @throws RangeError for a penalty that is not positive, fewer than two units, or no outcome
 */
export function ridgeRegression({ count, means, covariances }: JointMoments, penalty: number): LinearPrediction {
  if (!(penalty > 0 && Number.isFinite(penalty)))
    throw new RangeError(`ridge regression: the penalty must be above 0, got ${penalty}`);
  if (count < 2) throw new RangeError(`ridge regression: needs at least 2 units, got ${count}`);
  const [outcome, ...features] = means;
  if (outcome === undefined) throw new RangeError('ridge regression: there is no outcome');
  if (features.length === 0) return { intercept: outcome, slopes: [] };
  // One triangle only: what rounding did to the other would no longer be symmetric.
  const square = (i: number, j: number): number =>
    (count - 1) * (covariances[Math.max(i, j) + 1]?.[Math.min(i, j) + 1] ?? 0);
  const penalized = new Matrix(features.map((_, i) => features.map((__, j) => square(i, j) + (i === j ? penalty : 0))));
  const withOutcome = Matrix.columnVector(features.map((_, i) => (count - 1) * (covariances[i + 1]?.[0] ?? 0)));
  const slopes = new CholeskyDecomposition(penalized).solve(withOutcome).to1DArray();
  return { intercept: outcome - dot(slopes, features), slopes };
}

/** What is predicted for a unit with these features. */
export function predicted({ intercept, slopes }: LinearPrediction, features: ArrayLike<number>): number {
  return intercept + dot(slopes, features);
}

function dot(slopes: readonly number[], features: ArrayLike<number>): number {
  return slopes.reduce((sum, slope, index) => sum + slope * (features[index] ?? 0), 0);
}
