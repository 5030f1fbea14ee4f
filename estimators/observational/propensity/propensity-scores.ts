import type { Columns } from '../columns.ts';
import { linearPredictors } from './logistic-likelihood.ts';

const BLOCK = 1024;

/** The log-odds of being treated of each row: what units are matched on. */
export function logits(
  { columns, rowCount }: Columns,
  { intercept, slopes }: { readonly intercept: number; readonly slopes: Float64Array },
): Float64Array {
  const all = new Float64Array(rowCount);
  const coefficients = Float64Array.of(intercept, ...slopes);
  for (let start = 0; start < rowCount; start += BLOCK) {
    const length = Math.min(BLOCK, rowCount - start);
    linearPredictors(columns, coefficients, start, length, all.subarray(start, start + length));
  }
  return all;
}

/** Probabilities out of log-odds, in an array of their own. */
export function probabilities(ofLogits: Float64Array): Float64Array {
  const all = new Float64Array(ofLogits.length);
  for (let row = 0; row < all.length; row += 1) all[row] = 1 / (1 + Math.exp(-ofLogits[row]!));
  return all;
}
