import { assertMatchable, groupsOf, type MatchedSample, type NearestOptions } from './nearest-with-replacement.ts';

/** The same, with the pairs. */
export interface MatchedPairs extends MatchedSample {
  /** The pair of each row, from 0 on; -1 for a row without one. A treated unit with several controls is one group with all of them. */
  readonly pairs: Int32Array;
}

/**
 * Nearest-neighbour matching without replacement: treated units choose in turn, those with the largest score first, as they have the fewest controls near
 * them, and each control stands for one of them at most. Of several controls with an equal score the first row is taken. With several neighbours all treated
 * units choose their first before any chooses its second. Controls that are taken are skipped over in nearly constant time (union-find).
 *
 * Source: D. E. Ho, K. Imai, G. King, E. A. Stuart, "MatchIt", Journal of Statistical Software 42 (2011), section 4.2 (greedy matching, "largest" first);
 * P. R. Rosenbaum, D. B. Rubin, The American Statistician 39 (1985), 33–38.
 *
 * @throws RangeError as `nearestWithReplacement` does
 */
export function nearestWithoutReplacement(
  score: Float64Array,
  treatment: Uint8Array,
  outcome: Float64Array,
  { neighbours = 1, caliper = Infinity, strata }: NearestOptions = {},
): MatchedPairs {
  assertMatchable(score, treatment, { neighbours, caliper });
  const pairs = new Int32Array(score.length).fill(-1);
  const matches = new Uint32Array(score.length);
  let treatedCount = 0;
  for (const { treated, controls } of groupsOf(score, treatment, strata)) {
    treatedCount += treated.length;
    const free = freePlaces(controls.length);
    const inTurn = largestFirst(score, treated);
    for (let round = 0; round < neighbours; round += 1)
      chooseInTurn({ score, treated: inTurn, controls, free, caliper, round }, pairs, matches);
  }
  return { ...sampleOf(pairs, matches, treatment, outcome), pairs, treatedCount };
}

/** Sorted rows turned around; equal scores stay in the order of their rows. */
function largestFirst(score: Float64Array, sorted: Uint32Array): Uint32Array {
  const turned = new Uint32Array(sorted.length);
  let [place, end] = [0, sorted.length];
  while (end > 0) {
    let start = end - 1;
    while (start > 0 && score[sorted[start - 1]!] === score[sorted[start]!]) start -= 1;
    for (let i = start; i < end; i += 1) turned[place++] = sorted[i]!;
    end = start;
  }
  return turned;
}

interface Choice {
  readonly score: Float64Array;
  readonly treated: Uint32Array;
  readonly controls: Uint32Array;
  readonly free: FreePlaces;
  readonly caliper: number;
  readonly round: number;
}

function chooseInTurn(
  { score, treated, controls, free, caliper, round }: Choice,
  pairs: Int32Array,
  matches: Uint32Array,
): void {
  // Where the controls with the same score begin: of equally near ones the first free row is taken.
  const starts = new Uint32Array(controls.length);
  for (let at = 1; at < controls.length; at += 1)
    starts[at] = score[controls[at]!] === score[controls[at - 1]!] ? starts[at - 1]! : at;
  let place = controls.length;
  for (let i = 0; i < treated.length; i += 1) {
    const row = treated[i]!;
    if (matches[row]! < round) continue;
    const of = score[row]!;
    while (place > 0 && score[controls[place - 1]!]! >= of) place -= 1;
    const above = free.next(place);
    const below = free.previous(place - 1);
    const toAbove = above < controls.length ? score[controls[above]!]! - of : Infinity;
    const toBelow = below >= 0 ? of - score[controls[below]!]! : Infinity;
    if (Math.min(toAbove, toBelow) > caliper || Math.min(toAbove, toBelow) === Infinity) continue;
    const chosen = toBelow <= toAbove ? free.next(starts[below]!) : above;
    free.take(chosen);
    pairs[row] = row;
    pairs[controls[chosen]!] = row;
    matches[row]! += 1;
  }
}

interface FreePlaces {
  /** The first free place at or after; the number of places where there is none. */
  next(place: number): number;
  /** The last free place at or before; -1 where there is none. */
  previous(place: number): number;
  take(place: number): void;
}

function freePlaces(count: number): FreePlaces {
  const after = Uint32Array.from({ length: count + 1 }, (_, place) => place);
  const before = Uint32Array.from({ length: count + 1 }, (_, place) => place);
  const root = (links: Uint32Array, place: number): number => {
    let at = place;
    while (links[at] !== at) {
      links[at] = links[links[at]!]!;
      at = links[at]!;
    }
    return at;
  };
  return {
    next: (place) => root(after, place),
    // Shifted by one: 0 is the place before the first.
    previous: (place) => root(before, place + 1) - 1,
    take: (place) => {
      after[place] = place + 1;
      before[place + 1] = place;
    },
  };
}

function sampleOf(
  pairs: Int32Array,
  matches: Uint32Array,
  treatment: Uint8Array,
  outcome: Float64Array,
): Omit<MatchedSample, 'treatedCount'> {
  const weights = new Float64Array(pairs.length);
  const squaredShares = new Float64Array(pairs.length);
  const counterfactuals = new Float64Array(pairs.length);
  let [matchedCount, usedControlCount] = [0, 0];
  for (let row = 0; row < pairs.length; row += 1) {
    const pair = pairs[row]!;
    if (pair < 0) continue;
    if (treatment[row] === 1) {
      weights[row] = 1;
      matchedCount += 1;
      continue;
    }
    const share = 1 / matches[pair]!;
    weights[row] = share;
    squaredShares[row] = share * share;
    counterfactuals[pair]! += share * outcome[row]!;
    usedControlCount += 1;
  }
  return { weights, squaredShares, counterfactuals, matchedCount, usedControlCount, sortedControls: null };
}
