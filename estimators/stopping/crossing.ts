import { assertInformation } from './information.ts';
import { exceeds, fallsBelow, goOn, resolutionFor, type ScoreDensity } from './score-density.ts';

export interface CrossingInput {
  /** Above 0 and growing. */
  readonly informationFractions: readonly number[];
  /** Upper boundary by look, as z-values. */
  readonly upper: readonly number[];
  /** Lower boundary by look, as z-values; −Infinity where there is none. */
  readonly lower: readonly number[];
  /** Expected z-value at information 1: the true effect over its standard error there. */
  readonly drift: number;
}

/**
 * Probability of leaving the continuation region for the first time at each look, above and below.
 *
 * Source: Jennison & Turnbull, Group Sequential Methods (2000), equations 19.1 to 19.6.
 *
 * @throws RangeError for fractions that do not grow, boundaries that cross or are not one a look, or a drift that is not finite
 */
export function crossingProbabilities(input: CrossingInput): { readonly above: number[]; readonly below: number[] } {
  const { informationFractions, upper, lower, drift } = input;
  assertCrossing(input);
  const resolution = resolutionFor(informationFractions);
  const above: number[] = [];
  const below: number[] = [];
  let density: ScoreDensity | null = null;
  for (const [look, information] of informationFractions.entries()) {
    const region = { lower: lower[look] ?? NaN, upper: upper[look] ?? NaN };
    above.push(region.upper === Infinity ? 0 : exceeds(density, information, region.upper, drift).probability);
    below.push(region.lower === -Infinity ? 0 : fallsBelow(density, information, region.lower, drift));
    if (look === informationFractions.length - 1) break;
    density = goOn(density, { information, drift, region }, resolution);
  }
  return { above, below };
}

function assertCrossing({ informationFractions, upper, lower, drift }: CrossingInput): void {
  assertInformation('crossing probabilities', informationFractions);
  if (!Number.isFinite(drift)) throw new RangeError(`crossing probabilities: the drift is ${drift}`);
  if (upper.length !== informationFractions.length || lower.length !== informationFractions.length)
    throw new RangeError(
      `crossing probabilities: ${informationFractions.length} looks need as many boundaries, got ${upper.length} and ${lower.length}`,
    );
  for (const [index, boundary] of upper.entries()) {
    const under = lower[index] ?? NaN;
    if (!(under <= boundary) || under === Infinity || boundary === -Infinity)
      throw new RangeError(`crossing probabilities: at look ${index + 1} the boundaries are ${under} and ${boundary}`);
  }
}
