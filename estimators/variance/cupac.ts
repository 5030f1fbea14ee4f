import { jointMomentsFromSums, pooledJointMoments, type JointMoments } from '../joint-moments.ts';
import { predicted, ridgeRegression, type LinearPrediction } from './ridge-regression.ts';

/**
 * CUPAC (control using predictions as covariates): the outcome as predicted from what was known before the treatment is the covariate of CUPED. Each fold
 * of units is predicted by a ridge regression on the other folds, so that no unit's own outcome is in its prediction; the arms are pooled, so that
 * the prediction is the same function in each of them.
 *
 * Source: J. Li, Y. Tang, J. Bauman, "Improving experimental power through control using predictions as covariate (CUPAC)", DoorDash Engineering, 2020;
 * with cross-fitting: Y. Guo et al., "Machine learning for variance reduction in online experiments" (MLRATE), NeurIPS 2021, algorithm 1.
 *
 * @param folds moments of each fold, per unit: the outcome first, then the features (standardized)
 * @param penalty of the ridge regression, above 0
 * @returns for each fold the prediction that was fitted without it
 * @throws RangeError for fewer than two folds, or folds with different features
 */
export function crossFittedPredictions(folds: readonly JointMoments[], penalty: number): readonly LinearPrediction[] {
  if (folds.length < 2) throw new RangeError(`CUPAC: needs at least 2 folds, got ${folds.length}`);
  return folds.map((_, left) => {
    const others = folds.filter((__, index) => index !== left);
    return ridgeRegression(pooledJointMoments(others), penalty);
  });
}

export interface CupacUnits {
  /** One for each unit of all arms. */
  readonly outcomes: ArrayLike<number>;
  /** One row for each unit, of features that were known before the treatment. */
  readonly features: readonly (readonly number[])[];
  /** The fold of each unit, from 0 on; drawn without looking at the outcome. */
  readonly folds: ArrayLike<number>;
}

/**
 * The same from the units themselves.
 *
 * @returns one prediction for each unit, to be used as the covariate of CUPED
 * @throws RangeError where a unit lacks its features or its fold, or a fold has fewer than two units
 */
export function cupacPredictions({ outcomes, features, folds }: CupacUnits, penalty: number): number[] {
  if (features.length !== outcomes.length || folds.length !== outcomes.length)
    throw new RangeError(`CUPAC: ${outcomes.length} outcomes, ${features.length} features, ${folds.length} folds`);
  const members: number[][] = [];
  for (let unit = 0; unit < folds.length; unit += 1) {
    const fold = folds[unit] ?? NaN;
    if (!Number.isSafeInteger(fold) || fold < 0) throw new RangeError(`CUPAC: unit ${unit} is in fold ${fold}`);
    (members[fold] ??= []).push(unit);
  }
  const rowOf = (unit: number): number[] => [outcomes[unit] ?? NaN, ...(features[unit] ?? [])];
  const fits = crossFittedPredictions(
    Array.from(members, (units) => momentsOfRows((units ?? []).map(rowOf))),
    penalty,
  );
  return features.map((row, unit) => {
    const fit = fits[folds[unit] ?? NaN];
    if (fit === undefined) throw new RangeError(`CUPAC: unit ${unit} is in no fold`);
    return predicted(fit, row);
  });
}

function momentsOfRows(rows: readonly (readonly number[])[]): JointMoments {
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) throw new RangeError('CUPAC: units have different numbers of features');
  const places = Array.from({ length: width }, (_, index) => index);
  const total = (of: (row: readonly number[]) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const centres = places.map((i) => total((row) => row[i] ?? NaN) / rows.length);
  const deviation = (row: readonly number[], i: number): number => (row[i] ?? NaN) - (centres[i] ?? 0);
  return jointMomentsFromSums({
    count: rows.length,
    centres,
    sums: places.map((i) => total((row) => deviation(row, i))),
    products: places.map((i) => places.map((j) => total((row) => deviation(row, i) * deviation(row, j)))),
  });
}
