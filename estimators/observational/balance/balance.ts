import { argsort } from '../argsort.ts';
import type { Columns, Estimand } from '../columns.ts';

/** How alike the groups are in one column. */
export interface ColumnBalance {
  readonly name: string;
  readonly treatedMean: number;
  readonly controlMean: number;
  /** Difference of the means over the standard deviation of the treated (ATT), else of both groups, always before weighting. 0 where nothing varies. */
  readonly standardizedDifference: number;
  /** Variance of the treated over that of the controls; null for a column of 0 and 1, and where the controls do not vary. */
  readonly varianceRatio: number | null;
  /** The largest distance between the groups' cumulative distributions (Kolmogorov-Smirnov), 0 to 1. */
  readonly kolmogorovSmirnov: number;
  /** The same distance on average over the values that occur, 0 to 1. */
  readonly meanDistance: number;
}

/**
 * Balance of each column, with weights or without. A standardized difference of at most 0.1 is usually called balanced.
 *
 * Source: P. C. Austin, "Balance diagnostics for comparing the distribution of baseline covariates between treatment groups in propensity-score matched
 * samples", Statistics in Medicine 28 (2009), 3083–3107; E. A. Stuart, Statistical Science 25 (2010), 1–21.
 *
 * @param weights one for each row; default 1
 * @throws RangeError where a group has no weight
 */
export function columnBalances(
  { names, columns }: Columns,
  treatment: Uint8Array,
  estimand: Estimand,
  weights?: Float64Array,
): readonly ColumnBalance[] {
  return columns.map((column, index) => {
    const plain = groupMoments(column, treatment, undefined);
    const [control, treated] = weights === undefined ? plain : groupMoments(column, treatment, weights);
    const isIndicator = column.every((of) => of === 0 || of === 1);
    const spreads = plain.map((group) => (isIndicator ? group.mean * (1 - group.mean) : group.variance));
    const variance = estimand === 'ATT' ? spreads[1]! : (spreads[0]! + spreads[1]!) / 2;
    const off = treated.mean - control.mean;
    const distances = isIndicator
      ? { largest: Math.abs(off), mean: Math.abs(off) }
      : distancesOf(column, treatment, weights);
    return {
      name: names[index] ?? `column ${index}`,
      treatedMean: treated.mean,
      controlMean: control.mean,
      standardizedDifference: off === 0 ? 0 : standardized(off, variance, (spreads[0]! + spreads[1]!) / 2),
      varianceRatio: isIndicator || control.variance === 0 ? null : treated.variance / control.variance,
      kolmogorovSmirnov: distances.largest,
      meanDistance: distances.mean,
    };
  });
}

/** Where the treated do not vary at all, both groups' deviation stands in; where nobody varies, one whole. */
function standardized(off: number, variance: number, both: number): number {
  if (variance > 0) return off / Math.sqrt(variance);
  return both > 0 ? off / Math.sqrt(both) : Math.sign(off);
}

interface GroupMoments {
  readonly mean: number;
  readonly variance: number;
}

function groupMoments(
  column: Float64Array,
  treatment: Uint8Array,
  weights: Float64Array | undefined,
): readonly [GroupMoments, GroupMoments] {
  const groups = [0, 1].map(() => ({ total: 0, sum: 0, squaredWeights: 0, squares: 0, mean: 0 }));
  for (let row = 0; row < column.length; row += 1) {
    const weight = weights === undefined ? 1 : weights[row]!;
    const group = groups[treatment[row]!]!;
    group.total += weight;
    group.squaredWeights += weight * weight;
    group.sum += weight * column[row]!;
  }
  for (const [index, group] of groups.entries()) {
    if (!(group.total > 0)) throw new RangeError(`balance: the ${index === 1 ? 'treated' : 'controls'} have no weight`);
    group.mean = group.sum / group.total;
  }
  for (let row = 0; row < column.length; row += 1) {
    const group = groups[treatment[row]!]!;
    group.squares += (weights === undefined ? 1 : weights[row]!) * (column[row]! - group.mean) ** 2;
  }
  // The unbiased variance of weighted values.
  const [control, treated] = groups.map(({ total, squaredWeights, squares, mean }) => {
    const freedom = total - squaredWeights / total;
    return { mean, variance: freedom > 0 ? squares / freedom : 0 };
  });
  return [control!, treated!];
}

/** Between the cumulative distributions of the groups, at every value that occurs in either. */
function distancesOf(column: Float64Array, treatment: Uint8Array, weights: Float64Array | undefined) {
  const order = argsort(column);
  const totals = [0, 0];
  for (let row = 0; row < column.length; row += 1)
    totals[treatment[row]!]! += weights === undefined ? 1 : weights[row]!;
  const below = [0, 0];
  let [largest, sum, values] = [0, 0, 0];
  for (let i = 0; i < order.length; i += 1) {
    const row = order[i]!;
    below[treatment[row]!]! += weights === undefined ? 1 : weights[row]!;
    const isLastOfValue = i + 1 === order.length || column[order[i + 1]!]! !== column[row]!;
    if (!isLastOfValue) continue;
    const distance = Math.abs(below[1]! / totals[1]! - below[0]! / totals[0]!);
    largest = Math.max(largest, distance);
    sum += distance;
    values += 1;
  }
  return { largest, mean: sum / values };
}
