import { argsort } from '../argsort.ts';
import { normalTail } from '../../normal.ts';

/**
 * Rosenbaum's bound for matched pairs: the largest one-sided p-value of Wilcoxon's signed-rank test that a hidden confounder can cause which makes one unit of
 * a pair up to Γ times as likely to be treated as the other. Differences of 0 are left out; equal ones share their ranks.
 *
 * Source: P. R. Rosenbaum, Observational Studies (2002), section 4.3.3.
 *
 * @param differences treated minus control of each pair, in the direction in which the effect is
 * @throws RangeError for Γ below 1, or no difference
 */
export function signedRankBound(differences: Float64Array, gamma: number): number {
  if (!(gamma >= 1)) throw new RangeError(`Rosenbaum bounds: gamma must be at least 1, got ${gamma}`);
  const { positive, sum, squares } = signedRanks(differences);
  const share = gamma / (1 + gamma);
  return normalTail((positive - share * sum) / Math.sqrt(share * (1 - share) * squares));
}

/**
 * The largest Γ up to which the effect stays significant, one-sided at `alpha`; 1 where it never is.
 *
 * @throws RangeError for no difference
 */
export function criticalGamma(differences: Float64Array, alpha: number): number {
  const ranks = signedRanks(differences);
  const p = (gamma: number): number => {
    const share = gamma / (1 + gamma);
    return normalTail((ranks.positive - share * ranks.sum) / Math.sqrt(share * (1 - share) * ranks.squares));
  };
  if (p(1) > alpha) return 1;
  let [low, high] = [1, 2];
  while (p(high) <= alpha && high < 1e6) high *= 2;
  if (high >= 1e6) return high;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (p(middle) <= alpha) low = middle;
    else high = middle;
  }
  return low;
}

function signedRanks(differences: Float64Array) {
  const nonzero = differences.filter((of) => of !== 0);
  if (nonzero.length === 0) throw new RangeError('Rosenbaum bounds: no pair differs');
  const sizes = nonzero.map(Math.abs);
  const order = argsort(sizes);
  let [positive, sum, squares] = [0, 0, 0];
  for (let first = 0; first < order.length;) {
    let last = first;
    while (last + 1 < order.length && sizes[order[last + 1]!]! === sizes[order[first]!]!) last += 1;
    const rank = (first + last) / 2 + 1;
    for (let i = first; i <= last; i += 1) {
      sum += rank;
      squares += rank * rank;
      if (nonzero[order[i]!]! > 0) positive += rank;
    }
    first = last + 1;
  }
  return { positive, sum, squares };
}
