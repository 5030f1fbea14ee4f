import { inverse, Matrix, SingularValueDecomposition } from 'ml-matrix';

export interface HacInput {
  /** The regressors of each row. */
  readonly regressors: readonly (readonly number[])[];
  readonly outcomes: readonly number[];
  /** Weight of each row, default 1. */
  readonly weights?: readonly number[];
  /** The series that each row belongs to; rows of one series lie together, ordered by position. */
  readonly series: readonly string[];
  /** Time of each row within its series, a whole number. */
  readonly positions: readonly number[];
  /** Residuals further apart than this are taken as uncorrelated; 0: only the row itself. */
  readonly maximumLag: number;
  /** Parameters that were removed beforehand, such as fixed effects; they count in the correction n / (n − k). */
  readonly absorbedCount?: number;
  /**
   * `parameters` (default): n / (n − k), as statsmodels. `unbiased`: what makes the variance estimate right on average for independent errors
   * of equal variance, c'c / tr(QM); larger than the other where lags take more freedom than parameters do.
   */
  readonly correction?: 'parameters' | 'unbiased';
}

export interface HacCoefficient {
  readonly estimate: number;
  readonly standardError: number;
  /** Satterthwaite's, see `hacRegression`. */
  readonly degreesOfFreedom: number;
}

/**
 * Weighted least squares with a Newey–West covariance (Bartlett weights 1 − lag / (L + 1)) within each series and none between series,
 * times a small-sample correction. Lags are distances in time, so a missing window does not bring its neighbours together.
 *
 * The degrees of freedom are Satterthwaite's for independent errors of equal variance: the variance estimate is a quadratic form e'Qe of
 * the residuals e = Mu, which has mean tr(QM) and variance 2 tr(QMQM). They fall as L grows, as they should.
 *
 * Sources: W. K. Newey, K. D. West, Econometrica 55 (1987), 703–708; R. M. Bell, D. F. McCaffrey, Survey Methodology 28 (2002), 169–181.
 *
 * @returns one coefficient for each regressor
 * @throws RangeError for regressors that determine each other, or no more rows than parameters
 */
export function hacRegression(input: HacInput): readonly HacCoefficient[] {
  const { regressors, absorbedCount = 0 } = input;
  const k = regressors[0]?.length ?? 0;
  const n = regressors.length;
  if (n <= k + absorbedCount)
    throw new RangeError(`regression: ${n} rows do not determine ${k + absorbedCount} parameters`);
  const roots = regressors.map((_, i) => Math.sqrt(input.weights?.[i] ?? 1));
  const x = new Matrix(regressors.map((row, i) => row.map((value) => value * (roots[i] ?? 1))));
  const y = Matrix.columnVector(input.outcomes.map((value, i) => value * (roots[i] ?? 1)));
  const gram = x.transpose().mmul(x);
  if (new SingularValueDecomposition(scaled(gram)).rank < k)
    throw new RangeError('regression: the regressors determine each other, so no effect can be told from the others');
  const bread = inverse(gram);
  const beta = bread.mmul(x.transpose().mmul(y));
  const residuals = Matrix.sub(y, x.mmul(beta)).to1DArray();
  const kept = (n - k - absorbedCount) / (n - k);
  const influence = x.mmul(bread);
  return Array.from({ length: k }, (_, j) => {
    const c = influence.getColumn(j);
    const variance = bandedSum(input, (i, h) => (c[i] ?? 0) * (c[h] ?? 0) * (residuals[i] ?? 0) * (residuals[h] ?? 0));
    const { degreesOfFreedom, inflation } = satterthwaite(input, c, x, bread);
    const correction = input.correction === 'unbiased' ? inflation / kept : n / (n - k - absorbedCount);
    return {
      estimate: beta.get(j, 0),
      standardError: Math.sqrt(Math.max(0, variance * correction)),
      degreesOfFreedom: degreesOfFreedom * kept,
    };
  });
}

/** The lag of Newey & West (Review of Economic Studies 61, 1994): ⌊4 (T / 100)^(2/9)⌋ for series of T windows. */
export function defaultMaximumLag(windowCount: number): number {
  return Math.max(0, Math.min(Math.floor(4 * (windowCount / 100) ** (2 / 9)), windowCount - 1));
}

/** Sum over all pairs of rows in one series of Bartlett's weight times `term`, which is symmetric. */
function bandedSum(input: HacInput, term: (i: number, h: number) => number): number {
  let sum = 0;
  for (let i = 0; i < input.outcomes.length; i += 1) {
    sum += term(i, i);
    forEachLag(input, i, (h, weight) => (sum += 2 * weight * term(i, h)));
  }
  return sum;
}

function forEachLag(
  { series, positions, maximumLag }: HacInput,
  i: number,
  visit: (h: number, weight: number) => void,
): void {
  for (let h = i + 1; h < series.length && series[h] === series[i]; h += 1) {
    const lag = (positions[h] ?? 0) - (positions[i] ?? 0);
    if (lag > maximumLag) return;
    visit(h, 1 - lag / (maximumLag + 1));
  }
}

interface SmallSample {
  /** tr(QM)² / tr(QMQM) with Q the banded matrix of the variance estimate and M = I − X (X'X)⁻¹ X'. */
  readonly degreesOfFreedom: number;
  /** What the variance is over the mean of its estimate, c'c / tr(QM). */
  readonly inflation: number;
}

function satterthwaite(input: HacInput, c: readonly number[], x: Matrix, bread: Matrix): SmallSample {
  const qx = Matrix.zeros(x.rows, x.columns);
  let trace = 0;
  let traceOfSquare = 0;
  const add = (to: number, from: number, weight: number): void => {
    for (let j = 0; j < x.columns; j += 1) qx.set(to, j, qx.get(to, j) + weight * x.get(from, j));
  };
  for (let i = 0; i < c.length; i += 1) {
    const own = (c[i] ?? 0) ** 2;
    trace += own;
    traceOfSquare += own ** 2;
    add(i, i, own);
    forEachLag(input, i, (h, weight) => {
      const q = weight * (c[i] ?? 0) * (c[h] ?? 0);
      traceOfSquare += 2 * q ** 2;
      add(i, h, q);
      add(h, i, q);
    });
  }
  const inner = bread.mmul(x.transpose().mmul(qx));
  const expected = trace - inner.trace();
  const spread = traceOfSquare - 2 * bread.mmul(qx.transpose().mmul(qx)).trace() + inner.mmul(inner).trace();
  if (!(expected > 0 && spread > 0))
    throw new RangeError('regression: too few rows for so many lags; lower the largest lag or gather more windows');
  return { degreesOfFreedom: Math.max(1, expected ** 2 / spread), inflation: trace / expected };
}

/** With ones on the diagonal, so that units of the regressors do not pass for collinearity. */
function scaled(gram: Matrix): Matrix {
  const sizes = gram.diagonal().map((value) => Math.sqrt(value) || 1);
  return new Matrix(
    gram.to2DArray().map((row, i) => row.map((value, j) => value / ((sizes[i] ?? 1) * (sizes[j] ?? 1)))),
  );
}
