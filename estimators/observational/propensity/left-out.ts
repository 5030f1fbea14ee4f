/** Rows of one fold, which are read past. */
export interface LeftOut {
  readonly folds: Uint8Array;
  readonly fold: number;
}

/** Takes rows of the fold out of the residuals and weights, and returns what they had added to the log-likelihood. */
export function forget(
  { folds, fold }: LeftOut,
  treatment: Uint8Array,
  start: number,
  length: number,
  residual: Float64Array,
  weights: Float64Array,
): number {
  let logLikelihood = 0;
  for (let i = 0; i < length; i += 1) {
    if (folds[start + i] !== fold) continue;
    // The probability of what happened is 1 less the residual's size.
    logLikelihood += Math.log1p(-Math.abs(residual[i]!));
    residual[i] = 0;
    weights[i] = 0;
  }
  return logLikelihood;
}
