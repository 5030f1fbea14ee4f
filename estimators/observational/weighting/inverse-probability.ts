import type { Effect } from '../../effect.ts';
import { cholesky } from '../cholesky.ts';
import type { ColumnScales } from '../column-scales.ts';
import type { Columns, Estimand } from '../columns.ts';
import { propensityInformation } from '../propensity/logistic-likelihood.ts';

export interface WeightedEffect extends Effect {
  readonly estimand: Estimand;
  /** One for each row, not normalized. */
  readonly weights: Float64Array;
  /** Kish's effective number of units in each group. */
  readonly effectiveTreatedCount: number;
  readonly effectiveControlCount: number;
  /** The largest share that one unit has of its group's weight. */
  readonly largestShare: number;
}

/**
 * Inverse-probability weighting, normalized in each group (Hájek), with a sandwich standard error that knows that the propensities were estimated by
 * logistic regression; that mostly makes it smaller. ATE weights by 1/e and 1/(1 − e), ATT by 1 and e/(1 − e), ATO (overlap weights) by 1 − e and e.
 *
 * Source: J. K. Lunceford, M. Davidian, Statistics in Medicine 23 (2004), 2937–2960 (M-estimation, their IPW2); F. Li, K. L. Morgan, A. M. Zaslavsky, JASA
 * 113 (2018), 390–400 (overlap weights).
 *
 * @param covariates those of the logistic regression that gave the propensities
 * @param propensity strictly between 0 and 1 wherever it is divided by
 * @throws RangeError for lengths that differ, or a propensity of 0 or 1
 */
export function inverseProbabilityEffect(
  covariates: Columns,
  scales: ColumnScales,
  treatment: Uint8Array,
  outcome: Float64Array,
  propensity: Float64Array,
  estimand: Estimand,
): WeightedEffect {
  const weights = weightsOf(treatment, propensity, estimand);
  const { estimate, treated, control } = weightedMeans(treatment, outcome, weights);
  const adjustment = estimatedPropensity(covariates, scales, treatment, outcome, propensity, estimand, {
    treated,
    control,
  });
  let squares = 0;
  for (let row = 0; row < weights.length; row += 1) {
    const isTreated = treatment[row] === 1;
    const group = isTreated ? treated : control;
    const own = ((isTreated ? 1 : -1) * weights[row]! * (outcome[row]! - group.mean)) / group.total;
    squares += (own + adjustment[row]!) ** 2;
  }
  return {
    estimand,
    estimate,
    standardError: Math.sqrt(squares),
    weights,
    effectiveTreatedCount: treated.total ** 2 / treated.squares,
    effectiveControlCount: control.total ** 2 / control.squares,
    largestShare: Math.max(treated.largest / treated.total, control.largest / control.total),
  };
}

/** Weight and its change with the linear predictor, of a treated unit and of a control. */
type Weighting = (propensity: number) => number;

const TREATED_WEIGHT: Readonly<Record<Estimand, Weighting>> = { ATE: (e) => 1 / e, ATT: () => 1, ATO: (e) => 1 - e };
const CONTROL_WEIGHT: Readonly<Record<Estimand, Weighting>> = {
  ATE: (e) => 1 / (1 - e),
  ATT: (e) => e / (1 - e),
  ATO: (e) => e,
};
const TREATED_CHANGE: Readonly<Record<Estimand, Weighting>> = {
  ATE: (e) => -(1 - e) / e,
  ATT: () => 0,
  ATO: (e) => -e * (1 - e),
};
const CONTROL_CHANGE: Readonly<Record<Estimand, Weighting>> = {
  ATE: (e) => e / (1 - e),
  ATT: (e) => e / (1 - e),
  ATO: (e) => e * (1 - e),
};

/** @throws RangeError for a propensity that a weight would divide by 0 with */
export function weightsOf(treatment: Uint8Array, propensity: Float64Array, estimand: Estimand): Float64Array {
  const weights = new Float64Array(propensity.length);
  const [ofTreated, ofControl] = [TREATED_WEIGHT[estimand], CONTROL_WEIGHT[estimand]];
  for (let row = 0; row < weights.length; row += 1) {
    const e = propensity[row]!;
    if (!(e >= 0 && e <= 1)) throw new RangeError(`weighting: the propensity of row ${row + 1} is ${e}`);
    const weight = treatment[row] === 1 ? ofTreated(e) : ofControl(e);
    if (!Number.isFinite(weight))
      throw new RangeError(
        `weighting: the propensity of row ${row + 1} is ${e}, so nobody can be compared with it; trim such units before`,
      );
    weights[row] = weight;
  }
  return weights;
}

interface GroupMean {
  readonly mean: number;
  readonly total: number;
  readonly squares: number;
  readonly largest: number;
}

export function weightedMeans(
  treatment: Uint8Array,
  outcome: Float64Array,
  weights: Float64Array,
): { readonly estimate: number; readonly treated: GroupMean; readonly control: GroupMean } {
  const groups = [0, 1].map(() => ({ sum: 0, total: 0, squares: 0, largest: 0 }));
  for (let row = 0; row < weights.length; row += 1) {
    const group = groups[treatment[row]!]!;
    const weight = weights[row]!;
    group.sum += weight * outcome[row]!;
    group.total += weight;
    group.squares += weight * weight;
    if (weight > group.largest) group.largest = weight;
  }
  const [control, treated] = groups.map(({ sum, ...group }) => ({ ...group, mean: sum / group.total }));
  if (control === undefined || treated === undefined || !(control.total > 0 && treated.total > 0))
    throw new RangeError('weighting: a group has no weight at all');
  return { estimate: treated.mean - control.mean, treated, control };
}

/** What each row adds to the influence function because the propensities were estimated: H' I⁻¹ (t − e) x. */
function estimatedPropensity(
  covariates: Columns,
  scales: ColumnScales,
  treatment: Uint8Array,
  outcome: Float64Array,
  propensity: Float64Array,
  estimand: Estimand,
  { treated, control }: { readonly treated: GroupMean; readonly control: GroupMean },
): Float64Array {
  const slope = new Float64Array(covariates.rowCount);
  const [ofTreated, ofControl] = [TREATED_CHANGE[estimand], CONTROL_CHANGE[estimand]];
  for (let row = 0; row < slope.length; row += 1) {
    const e = propensity[row]!;
    slope[row] =
      treatment[row] === 1
        ? (ofTreated(e) * (outcome[row]! - treated.mean)) / treated.total
        : (-ofControl(e) * (outcome[row]! - control.mean)) / control.total;
  }
  const size = covariates.columns.length + 1;
  const factored = cholesky(propensityInformation(covariates, propensity, scales), size);
  if (factored.dependent !== null)
    throw new RangeError(
      `weighting: column "${covariates.names[factored.dependent - 1] ?? 'the intercept'}" is a combination of those before it`,
    );
  const direction = factored.solve(crossed(covariates, scales, slope));
  return projected(covariates, scales, direction, (row) => treatment[row]! - propensity[row]!);
}

/** Σ s x over the rows, for (1, standardized columns). */
export function crossed(
  { columns, rowCount }: Columns,
  { means, deviations }: ColumnScales,
  s: Float64Array,
): Float64Array {
  const sums = new Float64Array(columns.length + 1);
  let total = 0;
  for (let row = 0; row < rowCount; row += 1) total += s[row]!;
  sums[0] = total;
  for (const [j, column] of columns.entries()) {
    let sum = 0;
    for (let row = 0; row < rowCount; row += 1) sum += s[row]! * column[row]!;
    sums[j + 1] = (sum - means[j]! * total) / deviations[j]!;
  }
  return sums;
}

/** d'x of each row times a factor of its own, for (1, standardized columns). */
export function projected(
  { columns, rowCount }: Columns,
  { means, deviations }: ColumnScales,
  direction: Float64Array,
  factor: (row: number) => number,
): Float64Array {
  let intercept = direction[0]!;
  for (let j = 0; j < columns.length; j += 1) intercept -= (direction[j + 1]! * means[j]!) / deviations[j]!;
  const all = new Float64Array(rowCount).fill(intercept);
  for (const [j, column] of columns.entries()) {
    const slope = direction[j + 1]! / deviations[j]!;
    if (slope !== 0) for (let row = 0; row < rowCount; row += 1) all[row]! += slope * column[row]!;
  }
  for (let row = 0; row < rowCount; row += 1) all[row]! *= factor(row);
  return all;
}
