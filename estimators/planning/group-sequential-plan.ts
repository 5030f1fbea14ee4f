import { groupSequentialPower } from '../stopping/group-sequential-power.ts';
import { equalInformation } from '../stopping/information.ts';
import { spendingBoundaries } from '../stopping/spending-boundaries.ts';
import type { Spending } from '../stopping/spending.ts';

/**
 * Probability to cross a boundary, on either side, at any of evenly spaced looks: `groupSequentialPower`.
 *
 * @param boundaries |z| ≥ c by look, of `plannedBoundaries`
 * @param drift the true effect over its standard error at the last look
 */
export function groupSequentialPowerAt(boundaries: readonly number[], drift: number): number {
  return groupSequentialPower({ informationFractions: equalInformation(boundaries.length), boundaries }, drift).power;
}

/** Boundaries of evenly spaced looks by alpha spending. */
export function plannedBoundaries(
  { spending, looks }: { readonly spending: Spending; readonly looks: number },
  alpha: number,
): readonly number[] {
  const informationFractions = equalInformation(looks);
  return spendingBoundaries({ spending, alpha, informationFractions, isFinal: true });
}
