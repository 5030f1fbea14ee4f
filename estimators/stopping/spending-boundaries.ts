import { assertInformation } from './information.ts';
import { goOn, resolutionFor, type ScoreDensity } from './score-density.ts';
import { spent, type Spending } from './spending.ts';
import { upperRoot } from './tail-root.ts';

export interface SpendingBoundariesInput {
  readonly spending: Spending;
  /** Two-sided error level over all looks together. */
  readonly alpha: number;
  /** Fraction of the planned information at each look so far; above 0 and growing. From 1 on the rest of alpha is spent. */
  readonly informationFractions: readonly number[];
  /**
   * Share of the way to the end at each look by another clock than information, such as the calendar: alpha is spent by it (Lan & DeMets, Statistics in
   * Medicine 8 (1989), 1191–1198), and the information only says how the looks hang together. Fixed before looking. Default: the information fractions.
   */
  readonly spendingFractions?: readonly number[];
  /** The last of these looks is the last one of all, and spends whatever is left, even where the planned information was not reached. */
  readonly isFinal?: boolean;
}

/**
 * Boundaries |z| ≥ c of a two-sided symmetric group-sequential test by alpha spending, exact by numerical integration. A boundary depends on
 * the looks so far alone, so looks may come when they come, and past boundaries never move. Each side spends alpha / 2.
 *
 * Source: K. K. G. Lan, D. L. DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983), 659–663; the integration is
 * Jennison & Turnbull (2000), chapter 19.
 *
 * @returns a critical z-value for each look; Infinity where nothing may be spent at it
 * @throws RangeError for an alpha outside (0, 1), fractions that do not grow, or looks too close to each other
 */
export function spendingBoundaries(input: SpendingBoundariesInput): number[] {
  const { spending, alpha, informationFractions, spendingFractions = informationFractions, isFinal = false } = input;
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`group-sequential: alpha must lie between 0 and 1, got ${alpha}`);
  assertInformation('group-sequential', informationFractions);
  assertSpendingFractions(spendingFractions, informationFractions.length);
  const resolution = resolutionFor(informationFractions);
  const boundaries: number[] = [];
  let density: ScoreDensity | null = null;
  let spentBefore = 0;
  for (const [look, information] of informationFractions.entries()) {
    const isLast = look === informationFractions.length - 1;
    const spentNow = isLast && isFinal ? alpha / 2 : spent(spending, alpha / 2, spendingFractions[look] ?? NaN);
    const boundary = upperRoot(density, information, spentNow - spentBefore);
    boundaries.push(boundary);
    spentBefore = spentNow;
    if (isLast) break;
    density = goOn(density, { information, drift: 0, region: { lower: -boundary, upper: boundary } }, resolution);
  }
  return boundaries;
}

/** What each side spends at the last of the looks. */
export function lastSpent(input: SpendingBoundariesInput): number {
  const { spending, alpha, informationFractions, spendingFractions = informationFractions, isFinal = false } = input;
  const [now = NaN, before] = spendingFractions.slice(-2).reverse();
  const spentNow = isFinal ? alpha / 2 : spent(spending, alpha / 2, now);
  return spentNow - (before === undefined ? 0 : spent(spending, alpha / 2, before));
}

function assertSpendingFractions(fractions: readonly number[], looks: number): void {
  if (fractions.length !== looks)
    throw new RangeError(`group-sequential: ${looks} looks, but ${fractions.length} spending fractions`);
  for (const [look, fraction] of fractions.entries()) {
    const before = fractions[look - 1] ?? 0;
    if (!(fraction > before) || !Number.isFinite(fraction))
      throw new RangeError(
        `group-sequential: the spending fraction of look ${look + 1} is ${fraction}, after ${before}; it must grow`,
      );
  }
}
