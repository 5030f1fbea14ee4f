import { twoSidedQuantile } from '../../student-t.ts';
import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import {
  confounderLike,
  overturningMultiple,
  partialRSquared,
  withConfounder,
  type Coefficient,
  type Confounder,
} from './omitted-variable-bias.ts';
import { regressionShares } from './regression-shares.ts';

/** A hidden confounder as strong as a measured covariate, and what it would leave of the estimate. */
export interface Benchmark {
  readonly covariate: string;
  /** Null where none can be as strong, because the covariate decides half or more of what the others leave of the treatment. */
  readonly likeIt: LikeCovariate | null;
  /** How many times as strong as the covariate it must be to bring the estimate to 0; null where none can. */
  readonly overturningMultiple: number | null;
  /** Whether one as strong, or weaker, brings the estimate to 0. */
  readonly isOverturned: boolean;
}

export interface LikeCovariate extends Confounder {
  readonly adjustedEstimate: number;
  readonly adjustedLower: number;
  readonly adjustedUpper: number;
}

export interface Robustness extends Coefficient {
  /** Share of the outcome's residual variance that the treatment explains. */
  readonly partialRSquared: number;
  /** Share of both residual variances that a hidden confounder must explain to bring the estimate to 0. */
  readonly value: number;
  /** The same to make the estimate insignificant; 0 where it is not significant. */
  readonly valueForSignificance: number;
  /** One for each covariate, the one that comes nearest to overturning the estimate first. */
  readonly benchmarks: readonly Benchmark[];
}

/** The columns that one covariate was encoded as. */
export interface CovariateGroup {
  readonly covariate: string;
  readonly columns: readonly number[];
}

/**
 * Robustness value of a linear regression, benchmarked on the covariates. A covariate of several columns (the levels of a region) is one benchmark.
 *
 * Source: C. Cinelli, C. Hazlett, "Making sense of sensitivity: extending omitted variable bias", JRSS B 82 (2020), 39–67, sections 4.2 to 4.4.
 *
 * @param groups which columns belong together; default each for itself
 * @throws RangeError where there are too few rows, or the columns determine the treatment or the outcome
 */
export function robustnessValue(
  covariates: Columns,
  scales: ColumnScales,
  treatment: Uint8Array,
  outcome: Float64Array,
  alpha: number,
  groups: readonly CovariateGroup[] = covariates.names.map((covariate, column) => ({ covariate, columns: [column] })),
): Robustness {
  const { rowCount, columns, names } = covariates;
  const exposed = Float64Array.from(treatment);
  const all: Columns = { rowCount, names: [...names, '(treatment)'], columns: [...columns, exposed] };
  const ofTreatment = regressionShares(covariates, scales, exposed, 'the treatment');
  const ofOutcome = regressionShares(all, withColumn(scales, exposed), outcome, 'the outcome');
  const coefficient: Coefficient = {
    ...ofOutcome.coefficientOf(columns.length),
    degreesOfFreedom: ofOutcome.degreesOfFreedom,
  };
  const t = coefficient.estimate / coefficient.standardError;
  const benchmarks = groups
    .filter(({ columns: of }) => of.length > 0)
    .map(({ covariate, columns: of }) => {
      const shares = { withTreatment: ofTreatment.shareOf(of), withOutcome: ofOutcome.shareOf(of) };
      return benchmarkOf(covariate, shares, coefficient, alpha);
    });
  return {
    ...coefficient,
    partialRSquared: partialRSquared(t, coefficient.degreesOfFreedom),
    value: robustnessValueOf(t, coefficient.degreesOfFreedom),
    valueForSignificance: robustnessValueOf(t, coefficient.degreesOfFreedom, { alpha }),
    benchmarks: benchmarks.toSorted(
      (a, b) => (a.overturningMultiple ?? Number.MAX_VALUE) - (b.overturningMultiple ?? Number.MAX_VALUE),
    ),
  };
}

/**
 * Share of what is left of the treatment and of the outcome that a hidden confounder must explain of both, to take `reduction` of the estimate away, or to
 * make that insignificant.
 *
 * Source: Cinelli & Hazlett 2020, equations 17 and 18; where the same share of both is more than what is needed of the treatment, as corrected in sensemakr.
 *
 * @param reduction of the estimate, above 0; default 1, all of it
 * @param alpha two-sided; default: the estimate itself
 */
export function robustnessValueOf(
  t: number,
  degreesOfFreedom: number,
  { reduction = 1, alpha = null }: { readonly reduction?: number; readonly alpha?: number | null } = {},
): number {
  const f = (reduction * Math.abs(t)) / Math.sqrt(degreesOfFreedom);
  const critical = alpha === null ? 0 : twoSidedQuantile(alpha, degreesOfFreedom - 1) / Math.sqrt(degreesOfFreedom - 1);
  if (f <= critical) return 0;
  if (f * critical > 1) return (f * f - critical * critical) / (1 + f * f);
  // (√(g⁴ + 4g²) − g²) / 2, without the cancellation.
  return 2 / (1 + Math.sqrt(1 + 4 / (f - critical) ** 2));
}

function benchmarkOf(covariate: string, shares: Confounder, coefficient: Coefficient, alpha: number): Benchmark {
  const multiple = overturningMultiple(coefficient, shares);
  const confounder = confounderLike(shares, 1);
  return {
    covariate,
    likeIt: confounder === null ? null : leftBy(confounder, coefficient, alpha),
    overturningMultiple: multiple,
    isOverturned: multiple !== null && multiple <= 1,
  };
}

function leftBy(confounder: Confounder, coefficient: Coefficient, alpha: number): LikeCovariate {
  const { estimate, standardError, degreesOfFreedom } = withConfounder(coefficient, confounder);
  const wide = twoSidedQuantile(alpha, degreesOfFreedom) * standardError;
  return {
    ...confounder,
    adjustedEstimate: estimate,
    adjustedLower: estimate - wide,
    adjustedUpper: estimate + wide,
  };
}

function withColumn({ means, deviations }: ColumnScales, column: Float64Array): ColumnScales {
  const mean = column.reduce((sum, of) => sum + of, 0) / column.length;
  const deviation = Math.sqrt(column.reduce((sum, of) => sum + (of - mean) ** 2, 0) / (column.length - 1));
  return { means: Float64Array.of(...means, mean), deviations: Float64Array.of(...deviations, deviation) };
}
