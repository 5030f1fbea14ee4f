import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { forget, type LeftOut } from './left-out.ts';
import { scaleGradient, scaleInformation, unscaled } from './standardized-derivatives.ts';

/** Rows at a time: what is worked on stays in the processor's nearest cache. */
const BLOCK = 1024;

/**
 * Log-likelihood of a logistic regression with its derivatives, over coefficients of standardized columns (the intercept first), so that one
 * tolerance and one penalty are right for columns of any unit. Columns are read in place and never copied.
 */
export interface LogisticLikelihood {
  /** Number of coefficients, with the intercept. */
  readonly size: number;
  readonly rowCount: number;
  /** Gradient of the penalized log-likelihood into `gradient`; returns its value. */
  gradient(coefficients: Float64Array, gradient: Float64Array): number;
  /** The same, and the negative Hessian (lower triangle, size × size) into `information`. */
  information(coefficients: Float64Array, gradient: Float64Array, information: Float64Array): number;
}

/** @param ridge penalty λ of λ/2 Σ b², without the intercept; 0: none */
export function logisticLikelihood(
  { columns, rowCount }: Columns,
  treatment: Uint8Array,
  scales: ColumnScales,
  ridge: number,
  leftOut?: LeftOut,
): LogisticLikelihood {
  const width = columns.length;
  const size = width + 1;
  const eta = new Float64Array(BLOCK);
  const weights = new Float64Array(BLOCK);
  const weighted = new Float64Array(BLOCK);
  const raw = new Float64Array(size);
  const rawInformation = new Float64Array(size * size);

  const evaluate = (coefficients: Float64Array, gradient: Float64Array, information: Float64Array | null): number => {
    const slopes = unscaled(coefficients, scales);
    raw.fill(0);
    rawInformation.fill(0);
    let logLikelihood = 0;
    for (let start = 0; start < rowCount; start += BLOCK) {
      const length = Math.min(BLOCK, rowCount - start);
      linearPredictors(columns, slopes, start, length, eta);
      logLikelihood += residuals(eta, treatment, start, length, weights);
      if (leftOut !== undefined) logLikelihood -= forget(leftOut, treatment, start, length, eta, weights);
      addGradient(columns, eta, start, length, raw);
      if (information !== null) addInformation(columns, weights, weighted, start, length, rawInformation);
    }
    scaleGradient(raw, scales, gradient);
    if (information !== null) scaleInformation(rawInformation, scales, information);
    return logLikelihood + penalize(coefficients, ridge, gradient, information);
  };
  return {
    size,
    rowCount,
    gradient: (coefficients, gradient) => evaluate(coefficients, gradient, null),
    information: evaluate,
  };
}

/** The information matrix (lower triangle, for the intercept and standardized columns) at propensities that are known. */
export function propensityInformation(
  { columns, rowCount }: Columns,
  propensity: Float64Array,
  scales: ColumnScales,
): Float64Array {
  const size = columns.length + 1;
  const [raw, scaled] = [new Float64Array(size * size), new Float64Array(size * size)];
  const [weights, weighted] = [new Float64Array(BLOCK), new Float64Array(BLOCK)];
  for (let start = 0; start < rowCount; start += BLOCK) {
    const length = Math.min(BLOCK, rowCount - start);
    for (let i = 0; i < length; i += 1) weights[i] = propensity[start + i]! * (1 - propensity[start + i]!);
    addInformation(columns, weights, weighted, start, length, raw);
  }
  scaleInformation(raw, scales, scaled);
  return scaled;
}

/** a + b'x of some rows into `eta`. */
export function linearPredictors(
  columns: readonly Float64Array[],
  slopes: Float64Array,
  start: number,
  length: number,
  eta: Float64Array,
): void {
  eta.fill(slopes[0] ?? 0, 0, length);
  let j = 0;
  for (; j + 3 < columns.length; j += 4) addFour(columns, slopes, j, start, length, eta);
  for (; j < columns.length; j += 1) {
    const column = columns[j];
    const slope = slopes[j + 1];
    if (column === undefined || slope === undefined || slope === 0) continue;
    for (let i = 0; i < length; i += 1) eta[i]! += slope * column[start + i]!;
  }
}

function addFour(
  columns: readonly Float64Array[],
  slopes: Float64Array,
  first: number,
  start: number,
  length: number,
  eta: Float64Array,
): void {
  const a = columns[first]!;
  const b = columns[first + 1]!;
  const c = columns[first + 2]!;
  const d = columns[first + 3]!;
  const ofA = slopes[first + 1]!;
  const ofB = slopes[first + 2]!;
  const ofC = slopes[first + 3]!;
  const ofD = slopes[first + 4]!;
  for (let i = 0; i < length; i += 1) {
    const row = start + i;
    eta[i]! += ofA * a[row]! + ofB * b[row]! + (ofC * c[row]! + ofD * d[row]!);
  }
}

/** Turns linear predictors into residuals (treatment minus propensity), writes the weights p(1 − p) and returns the log-likelihood. */
function residuals(
  eta: Float64Array,
  treatment: Uint8Array,
  start: number,
  length: number,
  weights: Float64Array,
): number {
  let logLikelihood = 0;
  let product = 1;
  for (let i = 0; i < length; i += 1) {
    const of = eta[i]!;
    const small = Math.exp(-Math.abs(of));
    const propensity = of >= 0 ? 1 / (1 + small) : small / (1 + small);
    const treated = treatment[start + i]!;
    logLikelihood += treated === 1 ? Math.min(of, 0) : -Math.max(of, 0);
    // One logarithm for as many factors (each at most 2) as a double holds.
    product *= 1 + small;
    if ((i & 511) === 511) {
      logLikelihood -= Math.log(product);
      product = 1;
    }
    weights[i] = small / ((1 + small) * (1 + small));
    eta[i] = treated - propensity;
  }
  return logLikelihood - Math.log(product);
}

function addGradient(
  columns: readonly Float64Array[],
  residual: Float64Array,
  start: number,
  length: number,
  into: Float64Array,
): void {
  let total = 0;
  for (let i = 0; i < length; i += 1) total += residual[i]!;
  into[0]! += total;
  let j = 0;
  for (; j + 3 < columns.length; j += 4) addProducts(residual, columns, j, start, length, into, j + 1);
  for (; j < columns.length; j += 1) {
    const column = columns[j]!;
    let sum = 0;
    for (let i = 0; i < length; i += 1) sum += residual[i]! * column[start + i]!;
    into[j + 1]! += sum;
  }
}

function addInformation(
  columns: readonly Float64Array[],
  weights: Float64Array,
  weighted: Float64Array,
  start: number,
  length: number,
  into: Float64Array,
): void {
  const size = columns.length + 1;
  let total = 0;
  for (let i = 0; i < length; i += 1) total += weights[i]!;
  into[0]! += total;
  for (let j = 0; j < columns.length; j += 1) {
    const column = columns[j]!;
    let sum = 0;
    for (let i = 0; i < length; i += 1) {
      const of = weights[i]! * column[start + i]!;
      weighted[i] = of;
      sum += of;
    }
    const row = (j + 1) * size;
    into[row]! += sum;
    let k = 0;
    for (; k + 3 <= j; k += 4) addProducts(weighted, columns, k, start, length, into, row + k + 1);
    for (; k <= j; k += 1) {
      const other = columns[k]!;
      let product = 0;
      for (let i = 0; i < length; i += 1) product += weighted[i]! * other[start + i]!;
      into[row + k + 1]! += product;
    }
  }
}

/** Four columns at once: each weighted value is read once for all of them. */
function addProducts(
  weighted: Float64Array,
  columns: readonly Float64Array[],
  first: number,
  start: number,
  length: number,
  into: Float64Array,
  at: number,
): void {
  const a = columns[first]!;
  const b = columns[first + 1]!;
  const c = columns[first + 2]!;
  const d = columns[first + 3]!;
  let [ofA, ofB, ofC, ofD] = [0, 0, 0, 0];
  for (let i = 0; i < length; i += 1) {
    const of = weighted[i]!;
    const row = start + i;
    ofA += of * a[row]!;
    ofB += of * b[row]!;
    ofC += of * c[row]!;
    ofD += of * d[row]!;
  }
  into[at]! += ofA;
  into[at + 1]! += ofB;
  into[at + 2]! += ofC;
  into[at + 3]! += ofD;
}

function penalize(
  coefficients: Float64Array,
  ridge: number,
  gradient: Float64Array,
  information: Float64Array | null,
): number {
  if (ridge === 0) return 0;
  const size = coefficients.length;
  let squares = 0;
  for (let j = 1; j < size; j += 1) {
    const of = coefficients[j]!;
    squares += of * of;
    gradient[j]! -= ridge * of;
    if (information !== null) information[j * size + j]! += ridge;
  }
  return (-ridge / 2) * squares;
}
