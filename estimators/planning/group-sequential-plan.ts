import { equalInformation } from '../stopping/information.ts';
import { firstDensity, nextDensity, resolutionFor, type ScoreDensity } from '../stopping/score-density.ts';
import { spendingBoundaries } from '../stopping/spending-boundaries.ts';
import type { Spending } from '../stopping/spending.ts';

/**
 * Probability to cross a boundary, on either side, at any of evenly spaced looks.
 *
 * Source: C. Jennison, B. W. Turnbull, Group Sequential Methods (2000), section 19.2: 1 minus the mass that stays within all boundaries.
 *
 * @param boundaries |z| ≥ c by look, of `plannedBoundaries`
 * @param drift the true effect over its standard error at the last look
 */
export function groupSequentialPowerAt(boundaries: readonly number[], drift: number): number {
  const information = equalInformation(boundaries.length);
  const resolution = resolutionFor(information);
  let density: ScoreDensity | null = null;
  for (const [look, at] of information.entries()) {
    const boundary = boundaries[look] ?? NaN;
    const region = { lower: -boundary, upper: boundary };
    density =
      density === null ? firstDensity(at, drift, region, resolution) : nextDensity(density, at, region, resolution);
  }
  const stays = density?.masses.reduce((sum, mass) => sum + mass, 0) ?? 0;
  return Math.min(1, Math.max(0, 1 - stays));
}

/** Boundaries of evenly spaced looks by alpha spending. */
export function plannedBoundaries(
  { spending, looks }: { readonly spending: Spending; readonly looks: number },
  alpha: number,
): readonly number[] {
  const informationFractions = equalInformation(looks);
  return spendingBoundaries({ spending, alpha, informationFractions, isFinal: true });
}
