import { jointMomentsFromSums, momentsAt, type JointMoments } from '../../joint-moments.ts';
import type { Moments } from '../../moments.ts';
import { linearizedQuantile, sharesAround } from '../quantile.ts';
import { linearizedRatios } from '../ratio.ts';

/** Per unit: rows at or below a value, and rows. */
export function rowsBelow(values: readonly number[], units: readonly number[], value: number): JointMoments {
  const byUnit = new Map<number, [below: number, rows: number]>();
  for (const [i, each] of values.entries()) {
    const unit = units[i] ?? NaN;
    const [below, rows] = byUnit.get(unit) ?? [0, 0];
    byUnit.set(unit, [below + (each <= value ? 1 : 0), rows + 1]);
  }
  const numbers = [...byUnit.values()];
  const product = (i: 0 | 1, j: 0 | 1): number => numbers.reduce((sum, unit) => sum + unit[i] * unit[j], 0);
  const total = (i: 0 | 1): number => numbers.reduce((sum, unit) => sum + unit[i], 0);
  return jointMomentsFromSums({
    count: numbers.length,
    centres: [0, 0],
    sums: [total(0), total(1)],
    products: [
      [product(0, 0), product(0, 1)],
      [product(1, 0), product(1, 1)],
    ],
  });
}

/** A quantile of rows that belong to units. */
export function clusteredQuantile(values: readonly number[], units: readonly number[], share: number): Moments {
  const sorted = Float64Array.from(values).sort();
  const quantile = quantileOf(sorted, share);
  const rows = rowsBelow(values, units, quantile);
  const around = sharesAround(rows, share);
  const valueAt = { quantile, lower: quantileOf(sorted, around.lower), upper: quantileOf(sorted, around.upper) };
  const shares = linearizedRatios(rows, [{ numerator: 0, denominator: 1 }]);
  return momentsAt(linearizedQuantile(shares, around, valueAt), 0);
}

/** By linear interpolation, as NumPy and DuckDB's quantile_cont have it. */
function quantileOf(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  return low + (place - below) * ((sorted[below + 1] ?? low) - low);
}
