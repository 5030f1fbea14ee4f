import { cholesky, inverseOf } from '../cholesky.ts';
import { columnScales, type ColumnScales } from '../column-scales.ts';
import type { Columns, Progress } from '../columns.ts';
import type { LeftOut } from './left-out.ts';
import { logisticLikelihood, type LogisticLikelihood } from './logistic-likelihood.ts';
import { maximizeByLbfgs } from './lbfgs.ts';
import { maximizeByNewton, TOLERANCE } from './newton.ts';
import { sampleRows } from './sample-rows.ts';
import { SeparationError } from './separation-error.ts';
import { unscaled } from './standardized-derivatives.ts';

export interface LogisticOptions extends Progress {
  /** λ of the penalty λ/2 Σ b² over coefficients of standardized columns, without the intercept. Default 0: maximum likelihood. */
  readonly ridge?: number;
  /** `irls` (default up to 300 columns) converges in few passes; `lbfgs` needs no matrix. */
  readonly solver?: 'irls' | 'lbfgs';
  /** Rows of this fold are left out of the fit. */
  readonly leftOut?: LeftOut;
  /** A fit to begin with, such as that of all rows. */
  readonly start?: Pick<LogisticFit, 'intercept' | 'slopes'>;
}

/** A fitted logistic regression, in the units of the columns. */
export interface LogisticFit {
  readonly names: readonly string[];
  readonly intercept: number;
  /** One for each column. */
  readonly slopes: Float64Array;
  /** Without the penalty's share where there is one: the penalized one. */
  readonly logLikelihood: number;
  /** Passes over all rows. */
  readonly passes: number;
  readonly ridge: number;
  /** Intercept first, then the slopes, size × size: inverse Fisher information at the fit. */
  covariance(): Float64Array;
}

const MOST_COLUMNS_FOR_IRLS = 300;
/** From so many rows on, a sample's fit is the start. */
const SAMPLED_FROM = 40_000;
const SAMPLE_SHARE = 16;

/**
 * Logistic regression by maximum (penalized) likelihood: the propensity that a unit is treated, given its covariates.
 *
 * IRLS is Newton's method. From 40,000 rows on it starts from the fit of a sixteenth of the rows and keeps the information matrix of its first pass over all
 * of them for the passes that follow, as long as these converge quickly: the maximum is the same, and most passes need the gradient only.
 *
 * Source: P. McCullagh, J. A. Nelder, Generalized Linear Models (1989), section 4.4 (IRLS); D. C. Liu, J. Nocedal, Math. Programming 45 (1989), 503–528
 * (L-BFGS); A. Albert, J. A. Anderson, Biometrika 71 (1984), 1–10 (separation).
 *
 * @param treatment 1 treated, 0 control, one for each row
 * @throws RangeError for fewer than two rows, a group without units, lengths that differ, numbers that are not finite, or a column that is a combination of others
 * @throws SeparationError where the columns tell the groups apart completely (with a ridge that cannot be)
 */
export function logisticRegression(
  covariates: Columns,
  treatment: Uint8Array,
  { ridge = 0, solver, signal, onProgress, leftOut, start }: LogisticOptions = {},
): LogisticFit {
  assertGroups(covariates, treatment);
  if (!(ridge >= 0) || !Number.isFinite(ridge))
    throw new RangeError(`logistic regression: the ridge must be at least 0, got ${ridge}`);
  const scales = columnScales(covariates);
  const likelihood = logisticLikelihood(covariates, treatment, scales, ridge, leftOut);
  const how = solver ?? (covariates.columns.length <= MOST_COLUMNS_FOR_IRLS ? 'irls' : 'lbfgs');
  const watch = { names: covariates.names, signal, onProgress, isPenalized: ridge > 0 };
  const { coefficients, value, passes } =
    how === 'lbfgs'
      ? maximizeByLbfgs(likelihood, { tolerance: TOLERANCE, ...watch })
      : maximizeByNewton(
          likelihood,
          start === undefined ? startOf(covariates, treatment, ridge, scales) : standardized(start, scales),
          watch,
        );
  const all = unscaled(coefficients, scales);
  return {
    names: covariates.names,
    intercept: all[0]!,
    slopes: all.slice(1),
    logLikelihood: value,
    passes,
    ridge,
    covariance: () => covarianceOf(likelihood, coefficients, scales),
  };
}

function assertGroups({ rowCount, columns, names }: Columns, treatment: Uint8Array): void {
  if (treatment.length !== rowCount)
    throw new RangeError(`logistic regression: ${treatment.length} treatments for ${rowCount} rows`);
  if (names.length !== columns.length)
    throw new RangeError(`logistic regression: ${names.length} names for ${columns.length} columns`);
  let treated = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const of = treatment[row]!;
    if (of > 1)
      throw new RangeError(`logistic regression: row ${row + 1} has treatment ${of}, which is neither 0 nor 1`);
    treated += of;
  }
  if (treated === 0 || treated === rowCount)
    throw new RangeError(`logistic regression: ${treated} of ${rowCount} rows are treated; both groups need units`);
}

/** Where Newton's method begins: the log-odds of all, or the fit of a sample. */
function startOf(covariates: Columns, treatment: Uint8Array, ridge: number, scales: ColumnScales): Float64Array {
  const start = new Float64Array(covariates.columns.length + 1);
  let treated = 0;
  for (let row = 0; row < treatment.length; row += 1) treated += treatment[row]!;
  start[0] = Math.log(treated / (treatment.length - treated));
  if (covariates.rowCount < SAMPLED_FROM) return start;
  const sample = sampleRows(covariates, treatment, SAMPLE_SHARE);
  try {
    const fit = logisticRegression(sample.covariates, sample.treatment, { ridge: ridge / SAMPLE_SHARE });
    return standardized(fit, scales);
  } catch (error) {
    // A sample may lack what all rows have: a level of a column, a group. Then the start is that of few rows.
    if (error instanceof RangeError || error instanceof SeparationError) return start;
    throw error;
  }
}

/** Coefficients of standardized columns, the intercept first. */
function standardized(
  { intercept, slopes }: Pick<LogisticFit, 'intercept' | 'slopes'>,
  scales: ColumnScales,
): Float64Array {
  const coefficients = new Float64Array(slopes.length + 1);
  coefficients[0] = intercept;
  for (let j = 0; j < slopes.length; j += 1) {
    coefficients[j + 1] = slopes[j]! * scales.deviations[j]!;
    coefficients[0] += slopes[j]! * scales.means[j]!;
  }
  return coefficients;
}

function covarianceOf(
  likelihood: LogisticLikelihood,
  coefficients: Float64Array,
  { means, deviations }: ColumnScales,
): Float64Array {
  const { size } = likelihood;
  const information = new Float64Array(size * size);
  likelihood.information(coefficients, new Float64Array(size), information);
  const scaled = inverseOf(cholesky(information, size), size);
  // Slopes are b/s, the intercept a − Σ b m/s.
  const transform = new Float64Array(size * size);
  transform[0] = 1;
  for (let j = 1; j < size; j += 1) {
    transform[j * size + j] = 1 / deviations[j - 1]!;
    transform[j] = -means[j - 1]! / deviations[j - 1]!;
  }
  return sandwich(transform, scaled, size);
}

/** T S T'. */
function sandwich(transform: Float64Array, inner: Float64Array, size: number): Float64Array {
  const half = new Float64Array(size * size);
  const whole = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j < size; j += 1)
      for (let k = 0; k < size; k += 1) half[i * size + j]! += transform[i * size + k]! * inner[k * size + j]!;
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j < size; j += 1)
      for (let k = 0; k < size; k += 1) whole[i * size + j]! += half[i * size + k]! * transform[j * size + k]!;
  return whole;
}
