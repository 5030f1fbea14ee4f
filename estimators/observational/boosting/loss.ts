/** What trees are fitted to: a mean (squared loss), or a probability of 0 and 1 (logistic loss). */
export type Loss = 'squared' | 'logistic';

/**
 * The best constant prediction: the mean, or its log odds.
 *
 * @throws RangeError for a target that is not finite, or, with logistic loss, other than 0 and 1 or only one of them
 */
export function baselineOf(loss: Loss, target: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < target.length; row += 1) {
    const value = target[row]!;
    if (loss === 'logistic' ? value !== 0 && value !== 1 : !Number.isFinite(value))
      throw new RangeError(
        `boosted trees: the target of training row ${row + 1} is ${value}, not ${loss === 'logistic' ? '0 or 1' : 'a finite number'}`,
      );
    sum += value;
  }
  const mean = sum / target.length;
  if (loss === 'squared') return mean;
  if (sum === 0 || sum === target.length)
    throw new RangeError(
      `boosted trees: all ${target.length} training rows have the target ${mean}, so there is nothing to tell apart`,
    );
  return Math.log(mean / (1 - mean));
}

/** First derivatives of half the squared error, or of the log loss, by the prediction; and second ones, which of the squared error are 1. */
export function fillGradients(
  target: Float64Array,
  score: Float64Array,
  gradients: Float64Array,
  hessians: Float64Array | null,
): void {
  if (hessians === null) {
    for (let row = 0; row < target.length; row += 1) gradients[row] = score[row]! - target[row]!;
    return;
  }
  for (let row = 0; row < target.length; row += 1) {
    const probability = 1 / (1 + Math.exp(-score[row]!));
    gradients[row] = probability - target[row]!;
    hessians[row] = probability * (1 - probability);
  }
}

/** Mean loss: half the squared error, or the log loss. */
export function meanLoss(loss: Loss, target: Float64Array, score: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < target.length; row += 1) {
    const s = score[row]!;
    // log(1 + e^s) without overflow.
    sum +=
      loss === 'squared'
        ? (s - target[row]!) ** 2 / 2
        : Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s))) - target[row]! * s;
  }
  return sum / target.length;
}
