import { normalQuantile } from '../normal.ts';
import { assertInformation } from './information.ts';
import { rootOfGrowing } from './monotone-root.ts';
import { fallsBelow, goOn, resolutionFor, type ScoreDensity } from './score-density.ts';
import { spent, type Spending } from './spending.ts';
import { lowerRoot, upperRoot } from './tail-root.ts';

export interface FutilityInput {
  /** How the one-sided error of a false success is spent. */
  readonly alphaSpending: Spending;
  /** How the error of giving up a true effect is spent. */
  readonly betaSpending: Spending;
  /** One-sided; half of a two-sided alpha. */
  readonly alpha: number;
  /** 1 − power. */
  readonly beta: number;
  /** All planned looks; the last is 1. */
  readonly informationFractions: readonly number[];
  /** Share of the way to the end at each look by another clock, by which both errors are spent; the last is 1. Default: the information fractions. */
  readonly spendingFractions?: readonly number[];
  /**
   * False (default): the upper boundary holds alpha even where nobody stops for futility. True: the lower boundary must be obeyed, and the upper
   * one is a little lower for it.
   */
  readonly isBinding?: boolean;
}

export interface FutilityDesign {
  /** Stop for success at z ≥ upper. */
  readonly upper: readonly number[];
  /** Stop for futility at z < lower; at the last look equal to upper. −Infinity where nothing may be spent. */
  readonly lower: readonly number[];
  /** Expected z-value at full information of the effect that the design finds with power 1 − beta. */
  readonly drift: number;
  /** Maximum information over that of a test with one look, alpha and power being the same. */
  readonly inflationFactor: number;
}

/**
 * A one-sided group-sequential design that also gives up: the lower boundary spends beta under the drift for which both boundaries meet at the last look.
 * Its power is exactly 1 − beta where futility is obeyed.
 *
 * Sources: S. Pampallona, A. A. Tsiatis, K. Kim, "Interim monitoring of group sequential trials using spending functions for the type I and type II
 * error probabilities", Drug Information Journal 35 (2001), 1113–1121; there as in R's rpact (`bindingFutility`) and gsDesign (test types 3 and 4).
 *
 * @throws RangeError for error levels outside (0, 1) or together not below 1, or fractions that do not grow to 1
 */
export function futilityDesign(input: FutilityInput): FutilityDesign {
  assertFutility(input);
  const single = normalQuantile(input.alpha) + normalQuantile(input.beta);
  const drift = rootOfGrowing((guess) => -boundariesFor(input, guess).lastExcess, { low: single, high: single * 1.2 });
  const { upper, lower } = boundariesFor(input, drift);
  return { upper, lower, drift, inflationFactor: (drift / single) ** 2 };
}

function assertFutility({ alpha, beta, informationFractions, spendingFractions }: FutilityInput): void {
  assertInformation('futility', informationFractions);
  for (const fractions of [informationFractions, spendingFractions ?? [1]])
    if (fractions.at(-1) !== 1)
      throw new RangeError(`futility: the last planned look is at 1, not at ${fractions.at(-1) ?? NaN}`);
  if (spendingFractions !== undefined && spendingFractions.length !== informationFractions.length)
    throw new RangeError(
      `futility: ${informationFractions.length} looks, but ${spendingFractions.length} spending fractions`,
    );
  if (!(alpha > 0 && beta > 0 && alpha + beta < 1))
    throw new RangeError(`futility: alpha and beta must be above 0 and together below 1, got ${alpha} and ${beta}`);
}

interface Boundaries {
  readonly upper: readonly number[];
  readonly lower: readonly number[];
  /** Probability to miss the effect at the last look, less what is left of beta for it. */
  readonly lastExcess: number;
}

/** The boundaries for a drift. Where it is so small that giving up needs more than success leaves, they end there with an excess. */
function boundariesFor(input: FutilityInput, drift: number): Boundaries {
  const { alphaSpending, betaSpending, alpha, beta, informationFractions, isBinding = false } = input;
  const { spendingFractions = informationFractions } = input;
  const resolution = resolutionFor(informationFractions);
  const upper: number[] = [];
  const lower: number[] = [];
  let none: ScoreDensity | null = null;
  let alternative: ScoreDensity | null = null;
  const before = { alpha: 0, beta: 0 };
  for (const [look, information] of informationFractions.entries()) {
    const share = spendingFractions[look] ?? NaN;
    const now = { alpha: spent(alphaSpending, alpha, share), beta: spent(betaSpending, beta, share) };
    const success = upperRoot(none, information, now.alpha - before.alpha, 0);
    upper.push(success);
    const missed = fallsBelow(alternative, information, success, drift);
    const isLast = look === informationFractions.length - 1;
    const left = now.beta - before.beta;
    if (isLast || missed <= left) {
      lower.push(success);
      // Who gives up whatever does not succeed has met before the end: the larger the drift, the more of beta is left.
      const unspent = isLast ? 0 : beta - now.beta;
      return { upper, lower, lastExcess: isLast ? missed - left : missed - left - unspent };
    }
    const giveUp = lowerRoot(alternative, information, left, drift);
    lower.push(giveUp);
    const underNone = { lower: isBinding ? giveUp : -Infinity, upper: success };
    none = goOn(none, { information, drift: 0, region: underNone }, resolution);
    alternative = goOn(alternative, { information, drift, region: { lower: giveUp, upper: success } }, resolution);
    before.alpha = now.alpha;
    before.beta = now.beta;
  }
  throw new RangeError('futility: there are no looks');
}
