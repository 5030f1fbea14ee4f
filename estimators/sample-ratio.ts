import { upperChiSquare } from './chi-square.ts';

export interface SampleRatioResult {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
  /** What the weights say, in the order of the arms. */
  readonly expected: readonly number[];
}

/**
 * Pearson's chi-square test that units were split by the weights (no continuity correction). A split that is off means that units are lost
 * or moved, and then no effect can be read.
 *
 * Source: A. Fabijan et al., "Diagnosing sample ratio mismatch in online controlled experiments", KDD 2019.
 *
 * @param counts units by arm
 * @param weights the intended split, in any unit, all above 0
 * @throws RangeError for fewer than two arms, negative counts, weights that are not above 0, or no units at all
 */
export function sampleRatio(counts: readonly number[], weights: readonly number[]): SampleRatioResult {
  assertWeights(counts, weights);
  const units = counts.reduce((sum, count) => sum + count, 0);
  if (units === 0) throw new RangeError('sample ratio: there are no units');
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
  const expected = weights.map((weight) => (units * weight) / totalWeight);
  const chiSquare = expected.reduce((sum, e, arm) => sum + ((counts[arm] ?? 0) - e) ** 2 / e, 0);
  const degreesOfFreedom = counts.length - 1;
  return { chiSquare, degreesOfFreedom, pValue: upperChiSquare(chiSquare, degreesOfFreedom), expected };
}

/** @throws RangeError for fewer than two arms, negative counts, or weights that are not above 0 */
export function assertWeights(counts: readonly number[], weights: readonly number[]): void {
  if (counts.length < 2 || counts.length !== weights.length) {
    throw new RangeError(
      `sample ratio: needs a count and a weight for each of at least 2 arms, got ${counts.length} and ${weights.length}`,
    );
  }
  for (const count of counts) {
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`sample ratio: a count is ${count}`);
  }
  for (const weight of weights) {
    if (!(weight > 0) || !Number.isFinite(weight))
      throw new RangeError(`sample ratio: a weight is ${weight}; it must be above 0`);
  }
}
