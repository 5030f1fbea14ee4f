import { argsort } from '../argsort.ts';
import type { Columns } from '../columns.ts';

/** Columns as the numbers of intervals, one byte a value. */
export interface BinnedColumns {
  readonly rowCount: number;
  readonly featureCount: number;
  /** Row by row: the bin of feature f in row r is at r × featureCount + f. */
  readonly bins: Uint8Array;
  /** For each feature the upper edges of its bins but the last, rising: bin b holds values above edge b − 1, up to and with edge b. */
  readonly edges: readonly Float64Array[];
}

export const MOST_BINS = 255;
/** Edges are quantiles of at most so many rows; more do not move them by more than a bin's own width. */
const SAMPLE_ROWS = 200_000;

/**
 * Cuts each column into at most `binCount` intervals that hold about as many rows each. A column of no more different values gets an interval for each
 * of them.
 *
 * Source: F. Pedregosa et al., scikit-learn, HistGradientBoosting (the same edges); G. Ke et al., "LightGBM", NeurIPS 2017,
 * algorithm 1.
 *
 * @param binCount 2 to 255
 * @throws RangeError for a number of bins outside that, a column of another length than the rows, or a value that is not finite
 */
export function binnedColumns({ rowCount, columns, names }: Columns, binCount = MOST_BINS): BinnedColumns {
  if (!Number.isSafeInteger(binCount) || binCount < 2 || binCount > MOST_BINS)
    throw new RangeError(`boosted trees: binCount must be 2 to ${MOST_BINS}, got ${binCount}`);
  const featureCount = columns.length;
  const bins = new Uint8Array(rowCount * featureCount);
  const edges = columns.map((column, feature) => {
    const name = names[feature] ?? `column ${feature}`;
    if (column.length !== rowCount)
      throw new RangeError(`boosted trees: column "${name}" has ${column.length} values for ${rowCount} rows`);
    const bad = column.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new RangeError(
        `boosted trees: row ${bad + 1}, column "${name}" is ${column[bad] ?? NaN}, not a finite number`,
      );
    const found = edgesOf(column, binCount);
    binInto(column, found, bins, feature, featureCount);
    return found;
  });
  return { rowCount, featureCount, bins, edges };
}

function edgesOf(column: Float64Array, binCount: number): Float64Array {
  const sorted = sortedSample(column);
  const distinct = new Float64Array(binCount + 1);
  let count = 0;
  for (let i = 0; i < sorted.length && count <= binCount; i += 1)
    if (i === 0 || sorted[i]! !== sorted[i - 1]!) distinct[count++] = sorted[i]!;
  if (count <= binCount) return midpoints(distinct.subarray(0, count));
  const edges: number[] = [];
  for (let cut = 1; cut < binCount; cut += 1) {
    // The inverse of the distribution function; where a quantile lies between two rows, their mean.
    const before = (cut * sorted.length) / binCount;
    const above = sorted[Math.floor(before)]!;
    const edge = (cut * sorted.length) % binCount === 0 ? middle(sorted[before - 1]!, above) : above;
    if (edge !== edges.at(-1)) edges.push(edge);
  }
  return Float64Array.from(edges);
}

/** Every k-th row of long columns: the same rows for the same data. */
function sortedSample(column: Float64Array): Float64Array {
  const step = Math.max(1, column.length / SAMPLE_ROWS);
  const sample = new Float64Array(Math.floor(column.length / step));
  for (let i = 0; i < sample.length; i += 1) sample[i] = column[Math.floor(i * step)]!;
  const order = argsort(sample);
  const sorted = new Float64Array(sample.length);
  for (let i = 0; i < sorted.length; i += 1) sorted[i] = sample[order[i]!]!;
  return sorted;
}

function midpoints(distinct: Float64Array): Float64Array {
  const between = new Float64Array(Math.max(0, distinct.length - 1));
  for (let i = 0; i < between.length; i += 1) between[i] = middle(distinct[i]!, distinct[i + 1]!);
  return between;
}

/** Halves first, so that no sum overflows; never the upper of two neighbours, which rounding could make of it. */
function middle(low: number, high: number): number {
  const between = low / 2 + high / 2;
  return between >= high ? low : between;
}

function binInto(column: Float64Array, edges: Float64Array, bins: Uint8Array, feature: number, step: number): void {
  for (let row = 0, at = feature; row < column.length; row += 1, at += step) {
    const value = column[row]!;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const half = (low + high) >>> 1;
      if (value <= edges[half]!) high = half;
      else low = half + 1;
    }
    bins[at] = low;
  }
}
