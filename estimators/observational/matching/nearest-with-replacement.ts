import { argsort } from '../argsort.ts';

/** Which controls stand for each treated unit, and how much each of them counts. */
export interface MatchedSample {
  /** One for each row: 1 for a matched treated unit, 0 for one without a match; for a control how many treated units it stands for. */
  readonly weights: Float64Array;
  /** For each row: Σ over the treated units that it stands for of the square of its share, which the variance needs. 0 for treated units. */
  readonly squaredShares: Float64Array;
  /** For each matched treated unit the mean outcome of its matches; NaN nowhere: 0 in rows that have none. */
  readonly counterfactuals: Float64Array;
  readonly treatedCount: number;
  readonly matchedCount: number;
  /** Controls that stand for anybody. */
  readonly usedControlCount: number;
  /** All controls from the smallest score to the largest, where they were sorted together; else null. */
  readonly sortedControls: Uint32Array | null;
}

export interface NearestOptions {
  /** How many controls stand for each treated unit: more where several are equally near, fewer where the caliper leaves fewer. Default 1. */
  readonly neighbours?: number;
  /** The largest distance of any match on the score; default none. A treated unit without a control so near is left out. */
  readonly caliper?: number;
  /** Units are only matched within the same stratum: one number for each row. */
  readonly strata?: Int32Array;
}

/** Scores that differ by less are equal: what rounding leaves of units that are alike. */
const EQUAL = 1e-12;

/**
 * Nearest-neighbour matching with replacement on a score: each treated unit is compared with the controls that are nearest. Where several are equally near
 * all of them count, with equal shares, so that the order of the rows never matters. Sorted once; linear after that.
 *
 * Source: A. Abadie, G. W. Imbens, "Large sample properties of matching estimators for average treatment effects", Econometrica 74 (2006), 235–267.
 *
 * @param score mostly the logit of the propensity
 * @throws RangeError for lengths that differ, a score that is not finite, neighbours below 1 or a caliper below 0
 */
export function nearestWithReplacement(
  score: Float64Array,
  treatment: Uint8Array,
  outcome: Float64Array,
  { neighbours = 1, caliper = Infinity, strata }: NearestOptions = {},
): MatchedSample {
  assertMatchable(score, treatment, { neighbours, caliper });
  const rowCount = score.length;
  const found = {
    weights: new Float64Array(rowCount),
    squaredShares: new Float64Array(rowCount),
    counterfactuals: new Float64Array(rowCount),
  };
  let [treatedCount, matchedCount] = [0, 0];
  const groups = groupsOf(score, treatment, strata);
  for (const { treated, controls } of groups) {
    treatedCount += treated.length;
    matchedCount += matchGroup(
      { score, outcome, treated, atoms: atomsOf(score, outcome, controls) },
      neighbours,
      caliper,
      found,
    );
  }
  let usedControlCount = 0;
  for (let row = 0; row < rowCount; row += 1)
    if (treatment[row] === 0 && found.weights[row]! > 0) usedControlCount += 1;
  const sortedControls = groups.length === 1 ? (groups[0]?.controls ?? null) : null;
  return { ...found, treatedCount, matchedCount, usedControlCount, sortedControls };
}

/** @throws RangeError for what cannot be matched */
export function assertMatchable(
  score: Float64Array,
  treatment: Uint8Array,
  { neighbours, caliper }: { readonly neighbours: number; readonly caliper: number },
): void {
  if (treatment.length !== score.length)
    throw new RangeError(`matching: ${treatment.length} treatments for ${score.length} scores`);
  if (!Number.isSafeInteger(neighbours) || neighbours < 1)
    throw new RangeError(`matching: neighbours must be a whole number of at least 1, got ${neighbours}`);
  if (!(caliper >= 0)) throw new RangeError(`matching: the caliper must be at least 0, got ${caliper}`);
  const row = score.findIndex((of) => !Number.isFinite(of));
  if (row >= 0) throw new RangeError(`matching: the score of row ${row + 1} is ${score[row] ?? NaN}`);
}

interface Group {
  /** Rows, from the smallest score to the largest. */
  readonly treated: Uint32Array;
  readonly controls: Uint32Array;
}

/** Treated and control rows of each stratum, sorted by the score. */
export function groupsOf(score: Float64Array, treatment: Uint8Array, strata: Int32Array | undefined): readonly Group[] {
  const order = argsort(score);
  const groups = new Map<number, { treated: number[]; controls: number[] }>();
  if (strata === undefined) return [split(order, treatment)];
  for (const row of order) {
    const name = strata[row]!;
    let group = groups.get(name);
    if (group === undefined) groups.set(name, (group = { treated: [], controls: [] }));
    (treatment[row] === 1 ? group.treated : group.controls).push(row);
  }
  return [...groups.values()].map(({ treated, controls }) => ({
    treated: Uint32Array.from(treated),
    controls: Uint32Array.from(controls),
  }));
}

function split(order: Uint32Array, treatment: Uint8Array): Group {
  let treatedCount = 0;
  for (let row = 0; row < treatment.length; row += 1) treatedCount += treatment[row]!;
  const treated = new Uint32Array(treatedCount);
  const controls = new Uint32Array(order.length - treatedCount);
  let [t, c] = [0, 0];
  for (let i = 0; i < order.length; i += 1) {
    const row = order[i]!;
    if (treatment[row] === 1) treated[t++] = row;
    else controls[c++] = row;
  }
  return { treated, controls };
}

/** Controls with the same score, as one. */
export interface Atoms {
  readonly count: number;
  readonly scores: Float64Array;
  /** Where the members of each begin in `members`, and at last where they end. */
  readonly starts: Uint32Array;
  readonly members: Uint32Array;
  readonly outcomeSums: Float64Array;
}

export function atomsOf(score: Float64Array, outcome: Float64Array, sorted: Uint32Array): Atoms {
  const scores = new Float64Array(sorted.length);
  const starts = new Uint32Array(sorted.length + 1);
  const outcomeSums = new Float64Array(sorted.length);
  let count = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    const row = sorted[i]!;
    const of = score[row]!;
    if (count === 0 || of - scores[count - 1]! > EQUAL * Math.max(1, Math.abs(of))) {
      scores[count] = of;
      starts[count] = i;
      count += 1;
    }
    outcomeSums[count - 1]! += outcome[row]!;
  }
  starts[count] = sorted.length;
  return { count, scores, starts, members: sorted, outcomeSums };
}

/** The atoms from `first` to `last` that are nearest to a score, and how many members they have. */
export interface Nearest {
  first: number;
  last: number;
  members: number;
}

/**
 * The nearest atoms until they have enough members, or none is left within the caliper; of two that are equally near both.
 *
 * @param at the first atom whose score is not below `of`
 * @param into is left with no members where none is near enough
 */
export function nearestAtoms(
  atoms: Atoms,
  of: number,
  at: number,
  enough: number,
  into: Nearest,
  caliper = Infinity,
): void {
  let [left, right, members] = [at - 1, at, 0];
  while (members < enough && (left >= 0 || right < atoms.count)) {
    const below = left >= 0 ? of - atoms.scores[left]! : Infinity;
    const above = right < atoms.count ? atoms.scores[right]! - of : Infinity;
    const distance = Math.min(below, above);
    if (distance > caliper) break;
    const tolerance = EQUAL * Math.max(1, Math.abs(of));
    if (below <= distance + tolerance) {
      members += atoms.starts[left + 1]! - atoms.starts[left]!;
      left -= 1;
    }
    if (above <= distance + tolerance) {
      members += atoms.starts[right + 1]! - atoms.starts[right]!;
      right += 1;
    }
  }
  into.first = left + 1;
  into.last = right - 1;
  into.members = members;
}

interface ToMatch {
  readonly score: Float64Array;
  readonly outcome: Float64Array;
  readonly treated: Uint32Array;
  readonly atoms: Atoms;
}

function matchGroup(
  { score, treated, atoms }: ToMatch,
  neighbours: number,
  caliper: number,
  { weights, squaredShares, counterfactuals }: Pick<MatchedSample, 'weights' | 'squaredShares' | 'counterfactuals'>,
): number {
  const atomWeights = new Float64Array(atoms.count);
  const atomSquares = new Float64Array(atoms.count);
  const nearest: Nearest = { first: 0, last: 0, members: 0 };
  let [at, matchedCount] = [0, 0];
  for (let i = 0; i < treated.length; i += 1) {
    const row = treated[i]!;
    const of = score[row]!;
    while (at < atoms.count && atoms.scores[at]! < of) at += 1;
    nearestAtoms(atoms, of, at, neighbours, nearest, caliper);
    if (nearest.members === 0) continue;
    const share = 1 / nearest.members;
    let sum = 0;
    for (let atom = nearest.first; atom <= nearest.last; atom += 1) {
      sum += atoms.outcomeSums[atom]!;
      atomWeights[atom]! += share;
      atomSquares[atom]! += share * share;
    }
    weights[row] = 1;
    counterfactuals[row] = sum * share;
    matchedCount += 1;
  }
  for (let atom = 0; atom < atoms.count; atom += 1)
    for (let i = atoms.starts[atom]!; i < atoms.starts[atom + 1]!; i += 1) {
      weights[atoms.members[i]!] = atomWeights[atom]!;
      squaredShares[atoms.members[i]!] = atomSquares[atom]!;
    }
  return matchedCount;
}
