import type { Effect } from './effect.ts';
import { assertAlpha } from './moments.ts';

export interface ConfidenceSequenceInput extends Effect {
  /** Units in both arms together at this look. */
  readonly count: number;
  /** Error level over the whole life of the experiment, two-sided. */
  readonly alpha: number;
  /** The number of units at which the sequence is narrowest; any value is valid. Default 10,000. Fix it before looking. */
  readonly tunedForCount?: number;
}

export interface SequentialInterval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** Anytime-valid p-value for an effect of 0: the smallest alpha at which the sequence excludes 0 at this look. */
  readonly pValue: number;
}

const DEFAULT_TUNED_FOR = 10_000;

/**
 * One look of an asymptotic confidence sequence: with probability at least 1 − alpha, asymptotically, the intervals of *all* looks hold the
 * true effect, however often and for whatever reason one looks. For a mean of n observations with standard deviation s:
 *
 *   estimate ± s · sqrt( 2 (n ρ² + 1) / (n² ρ²) · ln( sqrt(n ρ² + 1) / alpha ) ).
 *
 * A difference of two means enters with s = standard error · sqrt(n), n the units of both arms.
 *
 * Source: I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-uniform central limit theory and asymptotic confidence
 * sequences", Annals of Statistics 52 (2024; arXiv 2103.06476, 2021), theorem 2.2; ρ by their appendix B.2 for `tunedForCount`.
 *
 * @throws RangeError for a count below 2, a standard error that is not above 0, or an alpha outside (0, 1)
 */
export function confidenceSequence(input: ConfidenceSequenceInput): SequentialInterval {
  const { estimate, standardError } = input;
  const growth = growthOf(input);
  if (!Number.isFinite(estimate) || !(standardError > 0) || !Number.isFinite(standardError)) {
    throw new RangeError(
      `confidence sequence: needs a finite estimate and a standard error above 0, got ${estimate} and ${standardError}`,
    );
  }
  const halfWidth = standardError * widthOf(growth, input.alpha);
  return {
    estimate,
    lower: estimate - halfWidth,
    upper: estimate + halfWidth,
    pValue: pValue(estimate / standardError, growth),
  };
}

type Look = Pick<ConfidenceSequenceInput, 'count' | 'alpha' | 'tunedForCount'>;

/**
 * Half the width of `confidenceSequence` at one look, in standard errors: what 1.96 is for a single look.
 *
 * @throws RangeError for a count below 2, or an alpha outside (0, 1)
 */
export function sequentialCriticalValue(look: Look): number {
  return widthOf(growthOf(look), look.alpha);
}

/** n ρ² of a look. */
function growthOf({ count, alpha, tunedForCount = DEFAULT_TUNED_FOR }: Look): number {
  assertAlpha('confidence sequence', alpha);
  if (!(count >= 2)) throw new RangeError(`confidence sequence: needs at least 2 units, got ${count}`);
  if (!(tunedForCount > 0))
    throw new RangeError(`confidence sequence: tunedForCount must be above 0, got ${tunedForCount}`);
  return count * tunedRhoSquared(alpha, tunedForCount);
}

function widthOf(growth: number, alpha: number): number {
  return Math.sqrt(((2 * (growth + 1)) / growth) * Math.log(Math.sqrt(growth + 1) / alpha));
}

/** The ρ² that makes the sequence narrowest at `count` (appendix B.2, by the approximation of the Lambert function). */
function tunedRhoSquared(alpha: number, count: number): number {
  const log = -2 * Math.log(alpha);
  return (log + Math.log(log + 1)) / count;
}

/** Solves the width for alpha at fixed ρ: sqrt(g + 1) · exp(−z² g / (2 (g + 1))). */
function pValue(z: number, growth: number): number {
  return Math.min(1, Math.sqrt(growth + 1) * Math.exp((-z * z * growth) / (2 * (growth + 1))));
}
