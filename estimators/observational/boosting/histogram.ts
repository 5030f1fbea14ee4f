/** Numbers of a bin: the sum of gradients, the sum of hessians, the count of rows. */
export const PER_BIN = 3;

/** What trees are grown from: a training set of its own, row by row. */
export interface TrainingRows {
  readonly rowCount: number;
  readonly featureCount: number;
  readonly bins: Uint8Array;
  /** Where each feature's bins begin in a histogram, and at the end how many bins there are in all. */
  readonly offsets: Uint32Array;
  readonly gradients: Float64Array;
  /** null where all are 1 (squared loss). */
  readonly hessians: Float64Array | null;
}

/**
 * Sums over rows for each bin of each feature. Rows lie together (not columns), so that a row's gradient is read once and its bins are one stretch of
 * memory; sums of neighbouring features do not wait for each other.
 */
export function fillHistogram(
  { bins, featureCount, offsets, gradients, hessians }: TrainingRows,
  rows: Uint32Array,
  start: number,
  end: number,
  into: Float64Array,
): void {
  into.fill(0);
  if (hessians === null) {
    fillCounted(bins, featureCount, offsets, gradients, rows.subarray(start, end), into);
    for (let at = 0; at < into.length; at += PER_BIN) into[at + 1] = into[at + 2]!;
  } else fillWeighted(bins, featureCount, offsets, gradients, hessians, rows.subarray(start, end), into);
}

function fillCounted(
  bins: Uint8Array,
  featureCount: number,
  offsets: Uint32Array,
  gradients: Float64Array,
  rows: Uint32Array,
  into: Float64Array,
): void {
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]!;
    const gradient = gradients[row]!;
    const first = row * featureCount;
    for (let feature = 0; feature < featureCount; feature += 1) {
      const at = PER_BIN * (offsets[feature]! + bins[first + feature]!);
      into[at]! += gradient;
      into[at + 2]! += 1;
    }
  }
}

function fillWeighted(
  bins: Uint8Array,
  featureCount: number,
  offsets: Uint32Array,
  gradients: Float64Array,
  hessians: Float64Array,
  rows: Uint32Array,
  into: Float64Array,
): void {
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]!;
    const gradient = gradients[row]!;
    const hessian = hessians[row]!;
    const first = row * featureCount;
    for (let feature = 0; feature < featureCount; feature += 1) {
      const at = PER_BIN * (offsets[feature]! + bins[first + feature]!);
      into[at]! += gradient;
      into[at + 1]! += hessian;
      into[at + 2]! += 1;
    }
  }
}

/** What one child's histogram leaves of its parent's is the other child's; the parent's array then holds it. */
export function subtractHistogram(parent: Float64Array, child: Float64Array): void {
  for (let at = 0; at < parent.length; at += 1) parent[at]! -= child[at]!;
}
