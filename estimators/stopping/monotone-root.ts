const MOST_STEPS = 200;

interface Point {
  readonly x: number;
  readonly value: number;
}

/**
 * Where a function that grows crosses 0: inverse quadratic interpolation or halving, whichever is safe.
 *
 * Source: T. R. Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without using derivatives",
 * Advances in Engineering Software 28 (1997), 145–149.
 *
 * @param valueAt grows; may be infinite, but not NaN
 * @param bounds where to begin; a root outside is found too, by steps that double
 * @throws RangeError where the function does not cross 0
 */
export function rootOfGrowing(
  valueAt: (x: number) => number,
  bounds: { readonly low: number; readonly high: number },
  precision = 1e-10,
): number {
  const at = (x: number): Point => ({ x, value: valueAt(x) });
  let [a, b] = bracket(at, bounds);
  if (a.value === 0) return a.x;
  if (b.value === 0) return b.x;
  let share = 0.5;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const next = at(a.x + share * (b.x - a.x));
    const isOnSideOfA = next.value < 0 === a.value < 0;
    const c = isOnSideOfA ? a : b;
    if (!isOnSideOfA) b = a;
    a = next;
    const smallest = precision / Math.abs(b.x - a.x);
    if (a.value === 0 || smallest > 0.5) return Math.abs(a.value) < Math.abs(b.value) ? a.x : b.x;
    share = Math.min(1 - smallest, Math.max(smallest, shareTowards(a, b, c)));
  }
  return a.x;
}

/** How far from a to b the next point lies. */
function shareTowards(a: Point, b: Point, c: Point): number {
  const xi = (a.x - b.x) / (c.x - b.x);
  const phi = (a.value - b.value) / (c.value - b.value);
  if (!(phi ** 2 < xi && (1 - phi) ** 2 < 1 - xi)) return 0.5;
  const first = (a.value / (b.value - a.value)) * (c.value / (b.value - c.value));
  const second = ((c.x - a.x) / (b.x - a.x)) * (a.value / (c.value - a.value)) * (b.value / (c.value - b.value));
  return first + second;
}

function bracket(at: (x: number) => Point, bounds: { readonly low: number; readonly high: number }): [Point, Point] {
  let [low, high] = [at(bounds.low), at(bounds.high)];
  for (let reach = high.x - low.x; low.value > 0; reach *= 2) {
    assertReach(reach);
    high = low;
    low = at(low.x - reach);
  }
  for (let reach = high.x - low.x; high.value < 0; reach *= 2) {
    assertReach(reach);
    low = high;
    high = at(high.x + reach);
  }
  return [low, high];
}

function assertReach(reach: number): void {
  if (!(reach < 1e12)) throw new RangeError('monotone root: the function does not cross 0');
}
