import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { combinedMoments, momentsAt, pooledJointMoments, type JointMoments } from '../joint-moments.ts';
import { assertArm, type Moments } from '../moments.ts';

export interface CupedSeveralResult {
  /** Control's moments after the adjustment. */
  readonly control: Moments;
  readonly treatment: Moments;
  /** The slope of each covariate; 0 for one that does not vary. */
  readonly thetas: readonly number[];
  /** Share of the variance of the difference that the covariates removed. */
  readonly varianceRemovedRatio: number;
}

/** A direction of the standardized covariates with less of the variance than this is a copy of the others: it gets no slope. */
const SINGULAR_RATIO = 1e-10;

/**
 * CUPED with several covariates and the same slopes in both arms: y is replaced by y − θ'(x − x̄), where θ = var(x)⁻¹ cov(x, y) and x̄ are
 * taken over the units of both arms together. Covariates that repeat each other share their slope (pseudo-inverse of their correlations).
 *
 * Source: A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the sensitivity of online controlled experiments by utilizing pre-experiment
 * data", WSDM 2013, equations 4 and 5 and their extension to several covariates; the same as the regression of W. Lin, Annals of Applied
 * Statistics 7 (2013), 295–318, without interactions.
 *
 * @param control per unit: the outcome first, then the covariates, each known before the treatment
 * @param treatment the same
 * @throws RangeError for fewer than two units in an arm, or arms with different covariates
 */
export function cupedSeveral(control: JointMoments, treatment: JointMoments): CupedSeveralResult {
  const covariateCount = control.means.length - 1;
  if (covariateCount < 0 || treatment.means.length !== control.means.length)
    throw new RangeError('cuped: the arms must have the same outcome and covariates');
  const plain = { control: momentsAt(control, 0), treatment: momentsAt(treatment, 0) };
  assertArm('cuped', 'control', plain.control);
  assertArm('cuped', 'treatment', plain.treatment);
  const pooled = pooledJointMoments([control, treatment]);
  const thetas = slopes(pooled.covariances);
  const weights = [[1, ...thetas.map((theta) => -theta)]];
  const shift = thetas.reduce((sum, theta, index) => sum + theta * (pooled.means[index + 1] ?? 0), 0);
  const adjust = (arm: JointMoments): Moments => momentsAt(combinedMoments(arm, weights, [shift]), 0);
  const adjusted = { control: adjust(control), treatment: adjust(treatment) };
  const before = varianceOfDifference(plain.control, plain.treatment);
  const after = varianceOfDifference(adjusted.control, adjusted.treatment);
  return { ...adjusted, thetas, varianceRemovedRatio: before > 0 ? 1 - after / before : 0 };
}

/** θ from the covariances of (y, x…). Covariates are standardized first, so that their units do not decide what is singular. */
function slopes(covariances: JointMoments['covariances']): number[] {
  const places = covariances.slice(1).map((_, index) => index + 1);
  const at = (i: number, j: number): number => covariances[i]?.[j] ?? 0;
  const deviations = places.map((i) => Math.sqrt(Math.max(0, at(i, i))));
  const varying = places.filter((i) => (deviations[i - 1] ?? 0) > 0);
  if (varying.length === 0) return places.map(() => 0);
  const scale = (i: number): number => deviations[i - 1] ?? 1;
  const correlations = new Matrix(varying.map((i) => varying.map((j) => at(i, j) / (scale(i) * scale(j)))));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(correlations, { assumeSymmetric: true });
  const withOutcome = Matrix.columnVector(varying.map((i) => at(i, 0) / scale(i)));
  const rotated = eigenvectorMatrix.transpose().mmul(withOutcome);
  const largest = Math.max(...realEigenvalues);
  const solved = realEigenvalues.map((value, index) =>
    value > SINGULAR_RATIO * largest ? rotated.get(index, 0) / value : 0,
  );
  const standardized = eigenvectorMatrix.mmul(Matrix.columnVector(solved));
  return places.map((i) => {
    const index = varying.indexOf(i);
    return index === -1 ? 0 : standardized.get(index, 0) / scale(i);
  });
}

function varianceOfDifference(control: Moments, treatment: Moments): number {
  return control.variance / control.count + treatment.variance / treatment.count;
}
