import type { Effect } from '../../effect.ts';
import { cholesky } from '../cholesky.ts';
import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { gramsOf, linearModel, predictions } from '../outcome/linear-model.ts';

export interface EntropyBalanced extends Effect {
  /** 1 for each treated unit; of the controls, weights that add up to their number. */
  readonly weights: Float64Array;
  readonly effectiveControlCount: number;
  readonly largestShare: number;
  readonly iterations: number;
}

const MOST_ITERATIONS = 200;
/** Means of the weighted controls equal those of the treated within this many standard deviations. */
const BALANCED = 1e-9;

/**
 * Entropy balancing for the effect on the treated: the weights of the controls, as near to equal as can be, that make the means of all columns exactly
 * those of the treated. The standard error is that of the outcome's residuals on the columns, for which balance leaves nothing else.
 *
 * Source: J. Hainmueller, Political Analysis 20 (2012), 25–46, section 3; Q. Zhao, D. Percival, Journal of Causal Inference 5 (2017) (doubly robust).
 *
 * @throws RangeError where no weights can balance the columns: the means of the treated lie outside of what controls span
 */
export function entropyBalancedEffect(
  covariates: Columns,
  scales: ColumnScales,
  treatment: Uint8Array,
  outcome: Float64Array,
): EntropyBalanced {
  const { rowCount } = covariates;
  const { weights, iterations } = balancingWeights(covariates, scales, treatment);
  const [gram] = gramsOf(covariates, outcome, scales, treatment, 1, weights);
  if (gram === undefined) throw new RangeError('entropy balancing: there are no controls');
  const fitted = predictions(covariates, linearModel(gram, scales));
  let [treatedCount, total, squared, largest, ofTreated, ofControls] = [0, 0, 0, 0, 0, 0];
  for (let row = 0; row < rowCount; row += 1) {
    const weight = weights[row]!;
    if (treatment[row] === 1) {
      treatedCount += 1;
      ofTreated += outcome[row]!;
      continue;
    }
    total += weight;
    squared += weight * weight;
    largest = Math.max(largest, weight);
    ofControls += weight * outcome[row]!;
  }
  const estimate = ofTreated / treatedCount - ofControls / total;
  let squares = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const residual = outcome[row]! - fitted[row]!;
    squares +=
      treatment[row] === 1 ? ((residual - estimate) / treatedCount) ** 2 : ((weights[row]! * residual) / total) ** 2;
  }
  return {
    estimate,
    standardError: Math.sqrt(squares),
    weights,
    effectiveControlCount: (total * total) / squared,
    largestShare: largest / total,
    iterations,
  };
}

function balancingWeights(covariates: Columns, scales: ColumnScales, treatment: Uint8Array) {
  const { columns, rowCount, names } = covariates;
  const size = columns.length + 1;
  const target = meansOfTreated(covariates, scales, treatment);
  const weights = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) weights[row] = treatment[row] === 1 ? 1 : 0;
  let tilt = new Float64Array(size);
  let dual = dualOf(covariates, scales, treatment, tilt, weights, target);
  for (let iteration = 1; iteration <= MOST_ITERATIONS; iteration += 1) {
    const [gram] = gramsOf(covariates, weights, scales, treatment, 1, weights);
    if (gram === undefined) break;
    const gradient = new Float64Array(size);
    let worst = 0;
    let [largest, column] = [0, 0];
    for (let j = 1; j < size; j += 1) {
      const off = gram.products[j * gram.size]! / gram.total - target[j]!;
      gradient[j] = off;
      if (Math.abs(off) > largest) [largest, column] = [Math.abs(off), j];
      worst = Math.max(worst, Math.abs(off));
    }
    if (worst < BALANCED) return { weights, iterations: iteration };
    const step = newtonStep(gram.products, gram.size, gram.total, gradient);
    let share = 1;
    for (; share > 1e-10; share /= 2) {
      const next = tilt.map((of, j) => of - share * step[j]!);
      const found = dualOf(covariates, scales, treatment, next, weights, target);
      if (found <= dual + 1e-13 * Math.abs(dual) && Number.isFinite(found)) {
        tilt = next;
        dual = found;
        break;
      }
    }
    if (share <= 1e-10 || Math.abs(dual) > 1e6)
      throw new RangeError(
        `entropy balancing: no weights of the controls make the mean of "${names[column - 1] ?? ''}" that of the treated; there is too little overlap. Trim the treated units that nobody is like, or leave the column out`,
      );
  }
  throw new RangeError(
    `entropy balancing: no weights were found in ${MOST_ITERATIONS} steps; there is too little overlap between the groups`,
  );
}

function meansOfTreated({ columns, rowCount }: Columns, { means, deviations }: ColumnScales, treatment: Uint8Array) {
  const target = new Float64Array(columns.length + 1);
  target[0] = 1;
  let count = 0;
  for (let row = 0; row < rowCount; row += 1) count += treatment[row]!;
  for (const [j, column] of columns.entries()) {
    let sum = 0;
    for (let row = 0; row < rowCount; row += 1) if (treatment[row] === 1) sum += column[row]!;
    target[j + 1] = (sum / count - means[j]!) / deviations[j]!;
  }
  return target;
}

/** log Σ exp(λ'(x − x̄₁)) over the controls, to be made small; writes their weights, which then have mean 1. */
function dualOf(
  { columns, rowCount }: Columns,
  { means, deviations }: ColumnScales,
  treatment: Uint8Array,
  tilt: Float64Array,
  weights: Float64Array,
  target: Float64Array,
): number {
  let shift = 0;
  for (let j = 1; j < tilt.length; j += 1) shift -= tilt[j]! * (means[j - 1]! / deviations[j - 1]! + target[j]!);
  const scores = new Float64Array(rowCount).fill(shift);
  for (const [j, column] of columns.entries()) {
    const slope = tilt[j + 1]! / deviations[j]!;
    if (slope !== 0) for (let row = 0; row < rowCount; row += 1) scores[row]! += slope * column[row]!;
  }
  let most = -Infinity;
  let count = 0;
  for (let row = 0; row < rowCount; row += 1)
    if (treatment[row] === 0) {
      most = Math.max(most, scores[row]!);
      count += 1;
    }
  let sum = 0;
  for (let row = 0; row < rowCount; row += 1)
    if (treatment[row] === 0) {
      const weight = Math.exp(scores[row]! - most);
      weights[row] = weight;
      sum += weight;
    }
  for (let row = 0; row < rowCount; row += 1) if (treatment[row] === 0) weights[row]! *= count / sum;
  return most + Math.log(sum);
}

/** H⁻¹ g for the weighted covariance of the columns among the controls; the intercept stays 0. */
function newtonStep(products: Float64Array, size: number, total: number, gradient: Float64Array): Float64Array {
  const width = gradient.length - 1;
  const hessian = new Float64Array(width * width);
  for (let j = 1; j <= width; j += 1)
    for (let k = 1; k <= j; k += 1) {
      const mean = (products[j * size]! / total) * (products[k * size]! / total);
      hessian[(j - 1) * width + k - 1] = products[j * size + k]! / total - mean + (j === k ? 1e-10 : 0);
    }
  const step = new Float64Array(width + 1);
  const factored = cholesky(hessian, width);
  if (factored.dependent !== null) {
    // Weights on very few controls: go the way of the gradient, where the matrix says nothing.
    step.set(gradient);
    return step;
  }
  step.set(factored.solve(gradient.subarray(1)), 1);
  return step;
}
