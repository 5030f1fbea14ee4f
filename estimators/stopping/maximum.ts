const GOLDEN = 0.381_966_011_250_105_1;
const MOST_STEPS = 80;

/**
 * The maximum of a function with a single peak between two points, ends included: golden-section search (J. Kiefer, "Sequential minimax search for a maximum",
 * Proceedings of the AMS 4 (1953), 502–506), to about 1e-8 of the width; the value there is exact to about the square of that.
 */
export function maximumBetween(
  valueAt: (x: number) => number,
  from: number,
  to: number,
): { readonly x: number; readonly value: number } {
  const at = (x: number) => ({ x, value: valueAt(x) });
  let [low, high] = [from, to];
  let best = at(low);
  const end = at(high);
  if (end.value > best.value) best = end;
  let left = at(low + GOLDEN * (high - low));
  let right = at(high - GOLDEN * (high - low));
  for (let step = 0; step < MOST_STEPS && high - low > 1e-9 * Math.max(1, Math.abs(low)); step += 1) {
    if (left.value >= right.value) {
      high = right.x;
      right = left;
      left = at(low + GOLDEN * (high - low));
    } else {
      low = left.x;
      left = right;
      right = at(high - GOLDEN * (high - low));
    }
  }
  for (const each of [left, right]) if (each.value > best.value) best = each;
  return best;
}
