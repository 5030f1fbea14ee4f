import { confidenceSequence } from '../confidence-sequence.ts';
import type { Effect } from '../effect.ts';
import { assertAlpha } from '../moments.ts';
import { normalQuantile, normalTail } from '../normal.ts';
import { twoSidedQuantile, twoSidedTail } from '../student-t.ts';
import { equalInformation } from './information.ts';
import { repeatedPValue } from './repeated-interval.ts';
import { spendingBoundaries, type SpendingBoundariesInput } from './spending-boundaries.ts';
import type { Spending } from './spending.ts';

/** One look at a time that was fixed in advance. */
export interface FixedHorizon {
  readonly rule: 'fixed-horizon';
}

/** As many looks as one likes, whenever one likes. */
export interface AlwaysValid {
  readonly rule: 'always-valid';
  /** Units at which the sequence is narrowest; fix it before looking. Default 10,000. */
  readonly tunedForCount?: number;
}

/** A planned number of looks, at times that need not be planned. */
export interface GroupSequential {
  readonly rule: 'group-sequential';
  readonly spending: Spending;
  /** How many looks there will be at most. */
  readonly looks: number;
  /** Which one this is, from 1. The look numbered `looks` is the last and spends whatever is left of alpha. */
  readonly look: number;
  /**
   * Information at looks 1 to `look` as a fraction of the planned maximum, mostly units over planned units. Past values must not change.
   * Default: evenly spaced, k / looks.
   */
  readonly informationFractions?: readonly number[];
  /** Share of the way to the end at looks 1 to `look` by the calendar, where alpha is spent by that. Default: the information fractions. */
  readonly spendingFractions?: readonly number[];
}

export type StoppingRule = FixedHorizon | AlwaysValid | GroupSequential;

/** What is read at a look. */
export interface LookInput {
  readonly effect: Effect;
  /** Units of both arms together that the effect is computed from. */
  readonly count: number;
  /** Of the standard error, as Welch–Satterthwaite gives them; without it the normal distribution is used. Always-valid does not use it. */
  readonly degreesOfFreedom?: number;
  /** Two-sided error level over the whole life of the experiment. */
  readonly alpha: number;
}

export interface LookReading {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** Below alpha exactly where the interval excludes 0. Fixed horizon: of one look; else valid over all looks. */
  readonly pValue: number;
  /** Half the interval's width in standard errors; Infinity where a look may not spend anything. */
  readonly criticalValue: number;
}

/**
 * Turns an effect at a look into an interval and a p-value by the stopping rule.
 * - fixed-horizon: Student's t, or the normal distribution without degrees of freedom;
 * - always-valid: one look of the asymptotic confidence sequence, see `confidenceSequence`;
 * - group-sequential: the repeated confidence interval and p-value of an alpha-spending boundary (Jennison & Turnbull 2000, chapter 9), at
 *   Student's quantile of the boundary's nominal level where degrees of freedom are given (their section 11.4.1, the significance-level
 *   approach).
 *
 * @throws RangeError for an effect, a count or degrees of freedom that cannot be, an alpha outside (0, 1), or looks that contradict each other
 */
export function readLook(rule: StoppingRule, look: LookInput): LookReading {
  assertLook(look);
  const { effect, count, alpha } = look;
  switch (rule.rule) {
    case 'fixed-horizon':
      return reading(look, criticalAtLevel(alpha, look), pValueOf(look));
    case 'always-valid': {
      const tuned = rule.tunedForCount === undefined ? {} : { tunedForCount: rule.tunedForCount };
      const { lower, upper, pValue, estimate } = confidenceSequence({ ...effect, count, alpha, ...tuned });
      return { estimate, lower, upper, pValue, criticalValue: (upper - lower) / (2 * effect.standardError) };
    }
    case 'group-sequential': {
      const looks = looksOf(rule);
      const boundary = spendingBoundaries({ ...looks, alpha }).at(-1) ?? Infinity;
      const criticalValue = boundary === Infinity ? Infinity : criticalAtLevel(2 * normalTail(boundary), look);
      return reading(look, criticalValue, repeatedPValue(zEquivalent(look), looks));
    }
  }
}

/** @throws RangeError where the looks contradict each other */
export function looksOf({
  spending,
  looks,
  look,
  informationFractions,
  spendingFractions,
}: GroupSequential): Omit<SpendingBoundariesInput, 'alpha'> & { readonly isFinal: boolean } {
  if (!Number.isSafeInteger(look) || look < 1 || look > looks)
    throw new RangeError(`group-sequential: look must be a whole number from 1 to looks (${looks}), got ${look}`);
  const fractions = informationFractions ?? equalInformation(looks).slice(0, look);
  if (fractions.length !== look)
    throw new RangeError(`group-sequential: look ${look} needs ${look} information fractions, got ${fractions.length}`);
  const clock = spendingFractions === undefined ? {} : { spendingFractions };
  return { spending, informationFractions: fractions, ...clock, isFinal: look === looks };
}

function assertLook({ effect, count, degreesOfFreedom, alpha }: LookInput): void {
  assertAlpha('stopping rule', alpha);
  const { estimate, standardError } = effect;
  if (!Number.isFinite(estimate) || !(standardError > 0) || !Number.isFinite(standardError))
    throw new RangeError(
      `stopping rule: needs a finite estimate and a standard error above 0, got ${estimate} and ${standardError}`,
    );
  if (!(count >= 2)) throw new RangeError(`stopping rule: needs at least 2 units, got ${count}`);
  if (degreesOfFreedom !== undefined && !(degreesOfFreedom > 0))
    throw new RangeError(`stopping rule: degrees of freedom must be above 0, got ${degreesOfFreedom}`);
}

function reading({ effect }: LookInput, criticalValue: number, pValue: number): LookReading {
  const halfWidth = criticalValue * effect.standardError;
  const { estimate } = effect;
  return { estimate, lower: estimate - halfWidth, upper: estimate + halfWidth, pValue, criticalValue };
}

function criticalAtLevel(level: number, { degreesOfFreedom }: LookInput): number {
  if (degreesOfFreedom === undefined) return normalQuantile(level / 2);
  return twoSidedQuantile(level, degreesOfFreedom);
}

function pValueOf({ effect, degreesOfFreedom }: LookInput): number {
  const statistic = effect.estimate / effect.standardError;
  if (degreesOfFreedom !== undefined) return twoSidedTail(statistic, degreesOfFreedom);
  return 2 * normalTail(Math.abs(statistic));
}

/** The normal value with the same nominal p-value as the statistic has by its own distribution. */
function zEquivalent(look: LookInput): number {
  if (look.degreesOfFreedom === undefined) return look.effect.estimate / look.effect.standardError;
  return normalQuantile(Math.max(1e-290, pValueOf(look) / 2));
}
