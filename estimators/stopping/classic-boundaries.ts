import { normalQuantile } from '../normal.ts';
import { crossingProbabilities } from './crossing.ts';
import { equalInformation } from './information.ts';
import { rootOfGrowing } from './monotone-root.ts';

/** Boundaries C · t^(Δ − 1/2) of S. K. Wang, A. A. Tsiatis, Biometrics 43 (1987): Δ = 0 is O'Brien-Fleming, Δ = 1/2 Pocock. */
export type ClassicShape = 'obrien-fleming' | 'pocock' | { readonly family: 'wang-tsiatis'; readonly delta: number };

export interface ClassicInput {
  readonly shape: ClassicShape;
  readonly looks: number;
  /** Two-sided. */
  readonly alpha: number;
  /** When the looks come; all of them planned. Default: evenly spaced. */
  readonly informationFractions?: readonly number[];
}

/**
 * Boundaries |z| ≥ c of a two-sided test whose looks are all planned before the first: other than `spendingBoundaries` they hold for those
 * looks alone.
 *
 * Sources: P. C. O'Brien, T. R. Fleming, Biometrics 35 (1979), 549–556; S. J. Pocock, Biometrika 64 (1977), 191–199; constants as in Jennison &
 * Turnbull (2000), tables 2.1, 2.3 and 2.9.
 *
 * @throws RangeError for an alpha outside (0, 1), fewer than one look, or a Δ that is not finite
 */
export function classicBoundaries({ shape, looks, alpha, informationFractions }: ClassicInput): number[] {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`group-sequential: alpha must lie between 0 and 1, got ${alpha}`);
  const fractions = informationFractions ?? equalInformation(looks);
  if (fractions.length !== looks)
    throw new RangeError(
      `group-sequential: ${looks} looks need as many information fractions, got ${fractions.length}`,
    );
  const delta = deltaOf(shape);
  if (!Number.isFinite(delta)) throw new RangeError(`group-sequential: delta must be finite, got ${delta}`);
  const last = fractions.at(-1) ?? NaN;
  const scaled = (constant: number): number[] => fractions.map((t) => constant * (t / last) ** (delta - 0.5));
  const excess = (constant: number): number => {
    const upper = scaled(constant);
    const { above } = crossingProbabilities({
      informationFractions: fractions,
      upper,
      lower: upper.map((c) => -c),
      drift: 0,
    });
    return 2 * above.reduce((sum, probability) => sum + probability, 0) - alpha;
  };
  const bounds = { low: normalQuantile(alpha / 2), high: normalQuantile(alpha / 2 / looks) + 0.1 };
  return scaled(rootOfGrowing((constant) => -excess(constant), bounds));
}

function deltaOf(shape: ClassicShape): number {
  if (shape === 'obrien-fleming') return 0;
  return shape === 'pocock' ? 0.5 : shape.delta;
}
