import { jointMomentsFromSums, momentsAt } from '../estimators/joint-moments.ts';
import { linearizedQuantile, sharesAround } from '../estimators/metrics/quantile.ts';
import { linearizedRatios } from '../estimators/metrics/ratio.ts';
import type { Moments } from '../estimators/moments.ts';

/** A quantile of rows of which each unit has the same number, one unit's after the other's. */
export function clusteredQuantile(values: Float64Array, rowsPerUnit: number, level: number): Moments {
  const sorted = Float64Array.from(values).sort();
  const quantile = quantileOf(sorted, level);
  const units = values.length / rowsPerUnit;
  let [below, belowSquared] = [0, 0];
  for (let unit = 0; unit < units; unit += 1) {
    let own = 0;
    for (let row = 0; row < rowsPerUnit; row += 1) own += (values[unit * rowsPerUnit + row] ?? NaN) <= quantile ? 1 : 0;
    below += own;
    belowSquared += own * own;
  }
  const arm = jointMomentsFromSums({
    count: units,
    centres: [0, 0],
    sums: [below, values.length],
    products: [
      [belowSquared, below * rowsPerUnit],
      [below * rowsPerUnit, values.length * rowsPerUnit],
    ],
  });
  const around = sharesAround(arm, level);
  const valueAt = { quantile, lower: quantileOf(sorted, around.lower), upper: quantileOf(sorted, around.upper) };
  return momentsAt(linearizedQuantile(linearizedRatios(arm, [{ numerator: 0, denominator: 1 }]), around, valueAt), 0);
}

function quantileOf(sorted: Float64Array, level: number): number {
  const place = (sorted.length - 1) * level;
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  return low + (place - below) * ((sorted[below + 1] ?? low) - low);
}
