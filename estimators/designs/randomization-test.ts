import { seededRandom, type SeededRandom } from '../seeded-random.ts';

/** How the arms were drawn; a test by redrawing must draw them the same way. */
export type AssignmentMechanism =
  /** Each unit by itself, as hashing does. */
  | { readonly mechanism: 'independent'; readonly treatedRatio: number }
  /** As many treated as there are, in any order. */
  | { readonly mechanism: 'complete' }
  /** One of each pair; `pairOf` numbers the pair of each unit. */
  | { readonly mechanism: 'paired'; readonly pairOf: readonly number[] };

export interface RandomizationInput {
  /** Outcome of each unit of the randomization: a window, a cluster, a region. */
  readonly values: readonly number[];
  readonly isTreated: readonly boolean[];
  /** Weight of each in its arm's mean, default 1. */
  readonly weights?: readonly number[];
  readonly mechanism: AssignmentMechanism;
  /** Redraws, default 2,000. */
  readonly draws?: number;
  readonly seed: number;
}

export interface RandomizationResult {
  /** Difference of the weighted means, treatment minus control. */
  readonly estimate: number;
  /** Two-sided, (1 + redraws at least as far out) / (1 + redraws); valid for any number of redraws. */
  readonly pValue: number;
  readonly drawCount: number;
}

/**
 * Fisher's randomization test that no unit was affected at all: arms are drawn again as they were drawn, and the difference of means is
 * compared with those that chance alone gives. Exact for any outcome and any correlation between units. Redraws with an empty arm are left
 * out, as such an experiment would have been.
 *
 * Source: G. W. Imbens, D. B. Rubin, "Causal inference for statistics, social, and biomedical sciences" (2015), chapter 5; for redraws
 * B. Phipson, G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010), article 39.
 *
 * @throws RangeError for lists of different lengths, an empty arm, pairs that are not one treated and one not, or a ratio outside (0, 1)
 */
export function randomizationTest(input: RandomizationInput): RandomizationResult {
  const { values, isTreated, draws = 2_000 } = input;
  const weights = input.weights ?? values.map(() => 1);
  if (values.length !== isTreated.length || values.length !== weights.length)
    throw new RangeError('randomization test: values, arms and weights must be equally many');
  if (!Number.isSafeInteger(draws) || draws < 1)
    throw new RangeError(`randomization test: needs at least 1 redraw, got ${draws}`);
  const estimate = difference(values, isTreated, weights);
  if (estimate === undefined || !Number.isFinite(estimate))
    throw new RangeError('randomization test: needs numbers in both arms');
  const redraw = redrawer(input, seededRandom(input.seed));
  const threshold = Math.abs(estimate) * (1 - 1e-12);
  let [atLeast, drawCount] = [0, 0];
  for (let draw = 0; draw < draws; draw += 1) {
    const drawn = difference(values, redraw(), weights);
    if (drawn === undefined) continue;
    drawCount += 1;
    if (Math.abs(drawn) >= threshold) atLeast += 1;
  }
  return { estimate, pValue: (1 + atLeast) / (1 + drawCount), drawCount };
}

export interface RandomizationInterval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * All constant effects that the randomization test does not reject, by halving: the same redraws serve every hypothesis, so that the ends are
 * those of one test. An end is infinite where no effect however large is rejected, as with very few units.
 *
 * Source: P. R. Rosenbaum, "Observational studies" (2002), section 2.6.
 *
 * @throws RangeError as `randomizationTest`
 */
export function randomizationInterval(input: RandomizationInput, alpha: number): RandomizationInterval {
  const { estimate } = randomizationTest({ ...input, draws: 1 });
  const isKept = (effect: number): boolean => {
    const values = input.values.map((value, i) => (input.isTreated[i] === true ? value - effect : value));
    return randomizationTest({ ...input, values }).pValue > alpha;
  };
  return {
    lower: endOf(isKept, estimate, -1, scaleOf(input.values)),
    upper: endOf(isKept, estimate, 1, scaleOf(input.values)),
  };
}

function endOf(isKept: (effect: number) => boolean, estimate: number, sign: number, scale: number): number {
  let inside = 0;
  let outside = scale;
  while (isKept(estimate + sign * outside)) {
    inside = outside;
    outside *= 2;
    if (outside > scale * 1e6) return sign * Infinity;
  }
  for (let step = 0; step < 30; step += 1) {
    const middle = (inside + outside) / 2;
    if (isKept(estimate + sign * middle)) inside = middle;
    else outside = middle;
  }
  return estimate + sign * outside;
}

function scaleOf(values: readonly number[]): number {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return most > least ? (most - least) / 4 : Math.abs(most) || 1;
}

function difference(
  values: readonly number[],
  isTreated: readonly boolean[],
  weights: readonly number[],
): number | undefined {
  let [treated, treatedWeight, untreated, untreatedWeight] = [0, 0, 0, 0];
  for (const [i, value] of values.entries()) {
    const weight = weights[i] ?? 0;
    if (isTreated[i] === true) [treated, treatedWeight] = [treated + weight * value, treatedWeight + weight];
    else [untreated, untreatedWeight] = [untreated + weight * value, untreatedWeight + weight];
  }
  return treatedWeight > 0 && untreatedWeight > 0 ? treated / treatedWeight - untreated / untreatedWeight : undefined;
}

function redrawer({ isTreated, mechanism }: RandomizationInput, random: SeededRandom): () => readonly boolean[] {
  switch (mechanism.mechanism) {
    case 'independent': {
      const { treatedRatio } = mechanism;
      if (!(treatedRatio > 0 && treatedRatio < 1))
        throw new RangeError(`randomization test: the treated share must lie between 0 and 1, got ${treatedRatio}`);
      return () => isTreated.map(() => random.uniform() < treatedRatio);
    }
    case 'complete':
      return () => shuffled(isTreated, random);
    case 'paired':
      return pairedRedrawer(isTreated, mechanism.pairOf, random);
  }
}

function shuffled(arms: readonly boolean[], random: SeededRandom): boolean[] {
  const drawn = [...arms];
  for (let i = drawn.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random.uniform() * (i + 1));
    [drawn[i], drawn[j]] = [drawn[j] === true, drawn[i] === true];
  }
  return drawn;
}

function pairedRedrawer(
  isTreated: readonly boolean[],
  pairOf: readonly number[],
  random: SeededRandom,
): () => readonly boolean[] {
  const treatedIn = new Map<number, boolean[]>();
  for (const [i, pair] of pairOf.entries())
    treatedIn.set(pair, [...(treatedIn.get(pair) ?? []), isTreated[i] === true]);
  for (const [pair, arms] of treatedIn) {
    if (arms.length !== 2 || arms[0] === arms[1])
      throw new RangeError(`randomization test: pair ${pair} is not one treated and one control`);
  }
  return () => {
    const flips = new Map<number, boolean>();
    for (const pair of treatedIn.keys()) flips.set(pair, random.uniform() < 0.5);
    return isTreated.map((treated, i) => treated !== (flips.get(pairOf[i] ?? -1) === true));
  };
}
