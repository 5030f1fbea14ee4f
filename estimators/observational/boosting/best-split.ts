import { PER_BIN } from './histogram.ts';

export interface SplitLimits {
  /** Rows that each side must have. */
  readonly minimumLeafRows: number;
  /** Sum of hessians that each side must have (the "child weight"). */
  readonly minimumLeafHessian: number;
  /** λ of λ/2 Σ (leaf values)². */
  readonly ridge: number;
}

/** Rows whose bin of the feature is at most `bin` go left. */
export interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
  readonly leftGradient: number;
  readonly leftHessian: number;
}

export interface NodeSums {
  readonly gradient: number;
  readonly hessian: number;
  readonly rowCount: number;
}

/**
 * The split that lowers the loss most, to the second order: G_L²/(H_L + λ) + G_R²/(H_R + λ) − G²/(H + λ). Of equal ones the first.
 *
 * Source: T. Chen, C. Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016, equation 7 (twice it, without γ).
 *
 * @returns null where no split lowers the loss or leaves enough on both sides
 */
export function bestSplit(
  histogram: Float64Array,
  offsets: Uint32Array,
  { gradient, hessian, rowCount }: NodeSums,
  { minimumLeafRows, minimumLeafHessian, ridge }: SplitLimits,
): Split | null {
  const unsplit = (gradient * gradient) / (hessian + ridge);
  let best: Split | null = null;
  // What rounding gains in a leaf whose rows are all alike.
  let most = 1e-12 * unsplit;
  for (let feature = 0; feature + 1 < offsets.length; feature += 1) {
    const first = offsets[feature]!;
    const last = offsets[feature + 1]! - 1;
    let [leftGradient, leftHessian, leftRows] = [0, 0, 0];
    for (let bin = first; bin < last; bin += 1) {
      const at = PER_BIN * bin;
      leftGradient += histogram[at]!;
      leftHessian += histogram[at + 1]!;
      leftRows += histogram[at + 2]!;
      if (leftRows < minimumLeafRows || leftHessian < minimumLeafHessian) continue;
      const rightHessian = hessian - leftHessian;
      if (rowCount - leftRows < minimumLeafRows || rightHessian < minimumLeafHessian) break;
      const rightGradient = gradient - leftGradient;
      const gain =
        (leftGradient * leftGradient) / (leftHessian + ridge) +
        (rightGradient * rightGradient) / (rightHessian + ridge) -
        unsplit;
      if (gain > most) {
        most = gain;
        best = { feature, bin: bin - first, gain, leftGradient, leftHessian };
      }
    }
  }
  return best;
}
