import { normalQuantile } from '../normal.ts';
import { crossingProbabilities } from './crossing.ts';
import { rootOfGrowing } from './monotone-root.ts';

export interface TwoSidedDesign {
  readonly informationFractions: readonly number[];
  /** |z| ≥ c by look, of `spendingBoundaries` or `classicBoundaries`. */
  readonly boundaries: readonly number[];
}

export interface DesignPower {
  /** Probability of crossing at any look, on either side. */
  readonly power: number;
  /** Probability of stopping for an effect at each look. */
  readonly stopsAt: readonly number[];
  /** Mean information at the end, as a fraction of the maximum (the last look's). */
  readonly expectedInformation: number;
}

/**
 * Power of a two-sided group-sequential test under a drift: the true effect over the standard error that it would have at information 1.
 *
 * Source: Jennison & Turnbull, Group Sequential Methods (2000), section 2.6 and equations 19.5 and 19.6.
 *
 * @throws RangeError as `crossingProbabilities`
 */
export function groupSequentialPower({ informationFractions, boundaries }: TwoSidedDesign, drift: number): DesignPower {
  const lower = boundaries.map((c) => -c);
  const { above, below } = crossingProbabilities({ informationFractions, upper: boundaries, lower, drift });
  const stopsAt = above.map((probability, look) => probability + (below[look] ?? 0));
  const power = stopsAt.reduce((sum, probability) => sum + probability, 0);
  const last = informationFractions.at(-1) ?? NaN;
  const early = stopsAt
    .slice(0, -1)
    .reduce((sum, p, look) => sum + p * (last - (informationFractions[look] ?? NaN)), 0);
  return { power, stopsAt, expectedInformation: (last - early) / last };
}

/**
 * The drift that a design finds with a given power, and the information it needs at most over that of a test with one look: multiply a
 * fixed-horizon sample size by `inflationFactor` to plan a group-sequential experiment.
 *
 * Source: Jennison & Turnbull (2000), section 2.2.1, tables 2.2 and 2.4 (there R_P and R_B).
 *
 * @param alpha two-sided level of the design, which the test with one look has too
 * @throws RangeError for a power that is not above alpha and below 1, and as `crossingProbabilities`
 */
export function groupSequentialDrift(
  design: TwoSidedDesign,
  { alpha, power }: { readonly alpha: number; readonly power: number },
): { readonly drift: number; readonly inflationFactor: number } {
  if (!(power > alpha && power < 1))
    throw new RangeError(`group-sequential power: must lie between alpha (${alpha}) and 1, got ${power}`);
  const single = normalQuantile(alpha / 2) + normalQuantile(1 - power);
  const shortOf = (drift: number): number => groupSequentialPower(design, drift).power - power;
  const drift = rootOfGrowing(shortOf, { low: 0, high: Math.max(1, single) });
  return { drift, inflationFactor: (drift / single) ** 2 };
}
