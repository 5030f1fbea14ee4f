import { incompleteBeta } from '../../incomplete-beta.ts';
import { normalTail } from '../../normal.ts';
import { argsort } from '../argsort.ts';

/** Up to so many pairs the distribution of the signed ranks is counted out; beyond, it is normal for all that matters. */
const EXACT_PAIRS = 50;
/** Γ beyond which nobody asks. */
const LARGEST_GAMMA = 1e6;

/**
 * Rosenbaum's bound for matched pairs: the largest one-sided p-value of Wilcoxon's signed-rank test that a hidden confounder can cause which makes one unit of
 * a pair up to Γ times as likely to be treated as the other. Differences of 0 are left out; equal ones share their ranks. Exact up to 50 pairs that differ.
 *
 * Source: P. R. Rosenbaum, Observational Studies (2002), section 4.3.3.
 *
 * @param differences treated minus control of each pair, in the direction in which the effect is
 * @throws RangeError for Γ below 1, or no difference
 */
export function signedRankBound(differences: Float64Array, gamma: number): number {
  return boundOf(signedRanks(differences), shareOf(gamma));
}

/**
 * The same for an outcome that happens or not: McNemar's test of the pairs in which one unit of the two had it. Exact.
 *
 * Source: Rosenbaum 2002, section 4.3.2.
 *
 * @param discordantCount pairs in which one unit had the outcome and the other had not, at least 1
 * @param towardsCount those of them in which it is as the effect says (the treated unit had it, where it is made more frequent)
 * @throws RangeError for counts that cannot be, or Γ below 1
 */
export function mcNemarBound(discordantCount: number, towardsCount: number, gamma: number): number {
  const isCount = Number.isInteger(discordantCount) && Number.isInteger(towardsCount);
  if (!(isCount && discordantCount >= 1 && towardsCount >= 0 && towardsCount <= discordantCount))
    throw new RangeError(
      `McNemar bound: needs 0 <= towards <= discordant, at least 1, got ${towardsCount} and ${discordantCount}`,
    );
  const share = shareOf(gamma);
  return towardsCount === 0 ? 1 : incompleteBeta(share, towardsCount, discordantCount - towardsCount + 1);
}

/**
 * The largest Γ up to which an effect stays significant, one-sided at `alpha`; 1 where it never is. Of outcomes of 0 and 1 the signed ranks are McNemar's test.
 *
 * @param differences treated minus control of each pair, in the direction in which the effect is
 * @throws RangeError for no difference
 */
export function criticalGamma(differences: Float64Array, alpha: number): number {
  const ranks = signedRanks(differences);
  return criticalOf((share) => boundOf(ranks, share), alpha);
}

/** The same of discordant pairs; see `mcNemarBound`. */
export function criticalGammaOfMcNemar(discordantCount: number, towardsCount: number, alpha: number): number {
  return criticalOf((share) => mcNemarBound(discordantCount, towardsCount, share / (1 - share)), alpha);
}

function criticalOf(pValue: (share: number) => number, alpha: number): number {
  const p = (gamma: number): number => pValue(gamma / (1 + gamma));
  if (p(1) > alpha) return 1;
  let [low, high] = [1, 2];
  while (p(high) <= alpha) {
    if (high >= LARGEST_GAMMA) return LARGEST_GAMMA;
    [low, high] = [high, Math.min(LARGEST_GAMMA, 2 * high)];
  }
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (p(middle) <= alpha) low = middle;
    else high = middle;
  }
  return low;
}

/** Chance that the worst confounder of this Γ makes a difference positive. */
function shareOf(gamma: number): number {
  if (!(gamma >= 1 && Number.isFinite(gamma)))
    throw new RangeError(`Rosenbaum bounds: gamma must be at least 1, got ${gamma}`);
  return gamma / (1 + gamma);
}

interface SignedRanks {
  /** Twice the rank of each pair that differs, so that shared ranks are whole; from small to large. */
  readonly doubled: Float64Array;
  /** Sums of ranks, of those of positive differences, and of squared ranks. */
  readonly sum: number;
  readonly positive: number;
  readonly squares: number;
}

function boundOf(ranks: SignedRanks, share: number): number {
  if (ranks.doubled.length <= EXACT_PAIRS) return exactTail(ranks, share);
  return normalTail((ranks.positive - share * ranks.sum) / Math.sqrt(share * (1 - share) * ranks.squares));
}

/** Chance of a sum of ranks as large as was found, where each rank counts with chance `share`, summed up pair by pair. */
function exactTail({ doubled, sum, positive }: SignedRanks, share: number): number {
  const chances = new Float64Array(2 * sum + 1);
  chances[0] = 1;
  let reached = 0;
  for (const rank of doubled) {
    reached += rank;
    for (let at = reached; at >= 0; at -= 1)
      chances[at] = (1 - share) * chances[at]! + (at >= rank ? share * chances[at - rank]! : 0);
  }
  let tail = 0;
  for (let at = 2 * sum; at >= 2 * positive; at -= 1) tail += chances[at]!;
  return Math.min(1, tail);
}

function signedRanks(differences: Float64Array): SignedRanks {
  const nonzero = differences.filter((of) => of !== 0);
  if (nonzero.length === 0) throw new RangeError('Rosenbaum bounds: no pair differs');
  if (nonzero.some((of) => Number.isNaN(of))) throw new RangeError('Rosenbaum bounds: a difference is not a number');
  const sizes = nonzero.map(Math.abs);
  const order = argsort(sizes);
  const doubled = new Float64Array(order.length);
  let [positive, sum, squares] = [0, 0, 0];
  for (let first = 0; first < order.length;) {
    let last = first;
    while (last + 1 < order.length && sizes[order[last + 1]!]! === sizes[order[first]!]!) last += 1;
    const rank = (first + last) / 2 + 1;
    for (let i = first; i <= last; i += 1) {
      doubled[i] = 2 * rank;
      sum += rank;
      squares += rank * rank;
      if (nonzero[order[i]!]! > 0) positive += rank;
    }
    first = last + 1;
  }
  return { doubled, sum, positive, squares };
}
