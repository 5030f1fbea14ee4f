import { assertTrials, logBernoulliMixture, mixtureConcentration, type MixtureTuning } from './bernoulli-mixture.ts';

export interface QuantileTuning extends MixtureTuning {
  /** Which quantile, in (0, 1): 0.5 is the median. */
  readonly quantile: number;
}

/** Ranks among `count` values in ascending order, from 1; 0 and count + 1 mean that there is no bound. */
export interface RankInterval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Between which order statistics a quantile lies, at every look, whatever the distribution is: exact in finite samples for values that are independent and alike, one
 * a unit, also with ties. The number of values below the quantile is a sum of Bernoulli trials, held against the beta-binomial mixture.
 *
 * Source: S. R. Howard, A. Ramdas, "Sequential estimation of quantiles with applications to A/B testing and best-arm identification", Bernoulli 28 (2022),
 * 1704–1728, theorem 1(b).
 *
 * @throws RangeError for a count that is not whole, a quantile or an alpha outside (0, 1), or a tuning that is not above 0
 */
export function quantileRanks(count: number, tuning: QuantileTuning): RankInterval {
  const limit = -Math.log(tuning.alpha);
  const { evidenceAt } = evidenceOf(count, tuning);
  const [lower, upper] = countsBelow(evidenceAt, centreOf(count, tuning), count, limit);
  return { lower, upper: upper + 1 };
}

/** How much evidence there is against the quantile having so many values below it. */
function evidenceOf(count: number, { quantile, ...tuning }: QuantileTuning) {
  if (!(quantile > 0 && quantile < 1))
    throw new RangeError(`quantile sequence: the quantile must lie between 0 and 1, got ${quantile}`);
  assertTrials({ successes: 0, trials: count });
  const concentration = mixtureConcentration(tuning);
  const evidenceAt = (below: number): number =>
    logBernoulliMixture({ successes: below, trials: count }, quantile, concentration);
  return { evidenceAt };
}

function centreOf(count: number, { quantile }: QuantileTuning): number {
  return Math.min(count, Math.max(0, Math.round(count * quantile)));
}

/** The smallest and the largest count with less evidence than `limit` against it; the evidence falls towards `centre` and rises behind it. */
function countsBelow(
  evidenceAt: (below: number) => number,
  centre: number,
  count: number,
  limit: number,
): readonly [number, number] {
  return [
    centre - farthest((step) => evidenceAt(centre - step) < limit, centre),
    centre + farthest((step) => evidenceAt(centre + step) < limit, count - centre),
  ];
}

/** The largest step from 0 to `most` that is still inside, by halving. */
function farthest(isInside: (step: number) => boolean, most: number): number {
  if (isInside(most)) return most;
  let [inside, outside] = [0, most];
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (isInside(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}

/** p-values below e to the power of minus this are not told apart. */
const MOST_EVIDENCE = 40;

/** The ranks of which `quantileDifferenceSequence` reads values, for who does not want to hold all of them. */
export function quantileWindow(count: number, tuning: QuantileTuning): RankInterval {
  const { evidenceAt } = evidenceOf(count, tuning);
  const [lower, upper] = countsBelow(evidenceAt, centreOf(count, tuning), count, MOST_EVIDENCE);
  return { lower: Math.max(1, lower), upper: Math.min(count, upper + 1) };
}

/** An arm's values: `at(rank)` is the value of that rank in ascending order, from 1 to count; NaN outside `quantileWindow` where not all are held. */
export interface RankedValues {
  readonly count: number;
  at(rank: number): number;
}

/** Values in ascending order. @throws RangeError where they are not, or one is not a number */
export function rankedValues(ascending: ArrayLike<number>): RankedValues {
  for (let i = 0; i < ascending.length; i += 1) {
    const value = ascending[i] ?? NaN;
    if (Number.isNaN(value)) throw new RangeError(`quantile sequence: value ${i + 1} is not a number`);
    if (i > 0 && value < (ascending[i - 1] ?? NaN))
      throw new RangeError(
        `quantile sequence: the values must ascend, but ${value} follows ${ascending[i - 1] ?? NaN}`,
      );
  }
  return { count: ascending.length, at: (rank) => ascending[rank - 1] ?? NaN };
}

export interface QuantileSequence {
  /** The order statistic of the quantile itself: the smallest value with at least that share at or below it. */
  readonly estimate: number;
  /** −Infinity and Infinity where there are too few values to bound it. */
  readonly lower: number;
  readonly upper: number;
}

/**
 * A confidence sequence for a quantile of one arm: see `quantileRanks`.
 *
 * @throws RangeError as `quantileRanks`, and without values
 */
export function quantileSequence(values: RankedValues, tuning: QuantileTuning): QuantileSequence {
  const { lower, upper } = quantileRanks(values.count, tuning);
  return { estimate: estimateOf(values, tuning), lower: valueAt(values, lower), upper: valueAt(values, upper) };
}

function estimateOf(values: RankedValues, { quantile }: QuantileTuning): number {
  if (values.count === 0) throw new RangeError('quantile sequence: there are no values');
  // Rounding must not push a whole rank to the next one: 0.7 × 10 is 7.000000000000001.
  return values.at(Math.max(1, Math.ceil(values.count * quantile - 1e-9)));
}

function valueAt({ count, at }: RankedValues, rank: number): number {
  if (rank < 1) return -Infinity;
  return rank > count ? Infinity : at(rank);
}

/**
 * A confidence sequence for the difference of two arms' quantiles, treatment minus control: all differences of two values against which the product of both arms'
 * mixtures is below 1 / alpha. Exact in finite samples, narrower than the difference of two intervals at alpha / 2. `tunedForCount` counts the values of one arm.
 *
 * Source: Howard & Ramdas 2022, section 5 (two-sample tests of quantiles); products of martingales of independent arms are martingales.
 *
 * @returns with the anytime-valid p-value for equal quantiles: below alpha exactly where the interval excludes 0
 * @throws RangeError as `quantileSequence`
 */
export function quantileDifferenceSequence(
  control: RankedValues,
  treatment: RankedValues,
  tuning: QuantileTuning,
): QuantileSequence & { readonly pValue: number } {
  const estimate = estimateOf(treatment, tuning) - estimateOf(control, tuning);
  const limit = -Math.log(tuning.alpha);
  const upper = largestGap(treatment, control, tuning, limit);
  const lower = -largestGap(control, treatment, tuning, limit);
  const pValue = Math.min(1, Math.exp(-evidenceAgainstEqual(control, treatment, tuning)));
  return { estimate, lower, upper, pValue };
}

/** The largest difference of values first − second that the evidence leaves. */
function largestGap(first: RankedValues, second: RankedValues, tuning: QuantileTuning, limit: number): number {
  const [ofFirst, ofSecond] = [evidenceOf(first.count, tuning), evidenceOf(second.count, tuning)];
  const [top, bottom] = [centreOf(first.count, tuning), centreOf(second.count, tuning)];
  const least = leastNear(ofFirst.evidenceAt, top, first.count);
  let gap = -Infinity;
  // From the farthest that the second arm's quantile may lie below upwards: what is left for the first arm only grows.
  const [farthestDown] = countsBelow(ofSecond.evidenceAt, bottom, second.count, limit - least);
  let above = top;
  for (let below = farthestDown; below <= bottom; below += 1) {
    const left = limit - ofSecond.evidenceAt(below);
    while (above < first.count && ofFirst.evidenceAt(above + 1) < left) above += 1;
    gap = Math.max(gap, valueAt(first, above + 1) - valueAt(second, below));
    if (gap === Infinity) return gap;
  }
  return gap;
}

/** The smallest evidence near the centre; a count is whole, so that it need not lie at the centre itself. */
function leastNear(evidenceAt: (below: number) => number, centre: number, count: number): number {
  const near = [centre - 1, centre, centre + 1].filter((below) => below >= 0 && below <= count);
  return Math.min(...near.map(evidenceAt));
}

/** The smallest evidence of both arms against a common quantile, at most `MOST_EVIDENCE`. */
function evidenceAgainstEqual(control: RankedValues, treatment: RankedValues, tuning: QuantileTuning): number {
  const isOrdered = estimateOf(control, tuning) <= estimateOf(treatment, tuning);
  const [low, high] = isOrdered ? [control, treatment] : [treatment, control];
  const [ofLow, ofHigh] = [evidenceOf(low.count, tuning), evidenceOf(high.count, tuning)];
  const centre = centreOf(high.count, tuning);
  const least = leastNear(ofHigh.evidenceAt, centre, high.count);
  const [first] = countsBelow(ofHigh.evidenceAt, centre, high.count, MOST_EVIDENCE);
  let best = MOST_EVIDENCE;
  let ofHighArm = first;
  // A common quantile lies between both: more of the lower arm's values are below it, fewer of the higher arm's.
  for (let below = centreOf(low.count, tuning); below <= low.count; below += 1) {
    const against = ofLow.evidenceAt(below);
    if (against + least >= best) break;
    const until = valueAt(low, below + 1);
    while (ofHighArm < centre && valueAt(high, ofHighArm + 1) <= until) ofHighArm += 1;
    if (valueAt(high, ofHighArm) <= until) best = Math.min(best, against + ofHigh.evidenceAt(ofHighArm));
  }
  return Math.max(0, best);
}
