const MOST_SWEEPS = 10_000;
const CONVERGED_RATIO = 1e-13;

/**
 * What is left of values after the effects of region and time: the residuals of a (weighted) regression on an indicator for each, by sweeping
 * out the means of one and then the other until nothing changes (Frisch–Waugh–Lovell; J. Guimarães, P. Portugal, Stata Journal 10, 2010).
 * Exact in one sweep for a complete panel with equal weights.
 *
 * @throws RangeError where the sweeps do not settle, as in a panel that hardly hangs together
 */
export function withinRegionAndTime(
  values: readonly number[],
  regions: readonly string[],
  positions: readonly number[],
  weights: readonly number[],
): number[] {
  const left = [...values];
  const size = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep += 1) {
    const moved = sweepMeans(left, regions, weights) + sweepMeans(left, positions, weights);
    if (Math.sqrt(moved) <= CONVERGED_RATIO * size) return left;
  }
  throw new RangeError(
    'fixed effects: regions and times share too few windows to be told apart; leave fixed effects out',
  );
}

/** Parameters of both sets of indicators. */
export function fixedEffectCount(regions: readonly string[], positions: readonly number[]): number {
  return new Set(regions).size + new Set(positions).size - 1;
}

/** Takes each group's weighted mean away; returns the sum of the squares of what was taken. */
function sweepMeans(values: number[], groups: readonly (string | number)[], weights: readonly number[]): number {
  const sums = new Map<string | number, { weight: number; total: number }>();
  for (const [i, group] of groups.entries()) {
    const sum = sums.get(group) ?? { weight: 0, total: 0 };
    sum.weight += weights[i] ?? 0;
    sum.total += (weights[i] ?? 0) * (values[i] ?? 0);
    sums.set(group, sum);
  }
  let moved = 0;
  for (const [i, group] of groups.entries()) {
    const sum = sums.get(group);
    const mean = sum === undefined ? 0 : sum.total / sum.weight;
    values[i] = (values[i] ?? 0) - mean;
    moved += mean * mean;
  }
  return moved;
}
