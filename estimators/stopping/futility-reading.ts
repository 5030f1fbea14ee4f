import type { Effect } from '../effect.ts';
import { assertAlpha } from '../moments.ts';
import { futilityDesign } from './futility-boundaries.ts';
import type { Spending } from './spending.ts';
import { looksOf, type GroupSequential } from './stopping-rule.ts';

/** When a group-sequential experiment gives up. It never has to: intervals and p-values hold whether it does or not (non-binding). */
export interface FutilityRule {
  /** How 1 − power is spent. */
  readonly spending: Spending;
  /** Probability to find the effect that the boundaries are made for, where futility is obeyed. */
  readonly power: number;
}

export interface FutilityReading {
  readonly isFutile: boolean;
  /** Futile below this effect in the good direction; in the effect's unit, signed as it is. null: so early that nothing may be given up yet. */
  readonly boundary: number | null;
  /** The effect that the experiment finds with `power` by its planned end, giving up where it is futile; signed in the good direction. */
  readonly detectableEffect: number;
  readonly power: number;
}

export interface FutilityInput {
  readonly rule: GroupSequential;
  readonly futility: FutilityRule;
  readonly effect: Effect;
  /** Two-sided, as of the rule. */
  readonly alpha: number;
  readonly goodDirection: 'increase' | 'decrease';
}

/**
 * Whether a look is so far from a success that the experiment may give up: `futilityDesign` for the looks so far, as they came, and the ones to come,
 * evenly over what is left. Past boundaries are made anew at each look, since nothing hangs on them.
 *
 * @returns null at the last look, where there is nothing left to give up
 * @throws RangeError for a power outside (alpha / 2, 1), or looks that contradict each other
 */
export function readFutility({ rule, futility, effect, alpha, goodDirection }: FutilityInput): FutilityReading | null {
  assertAlpha('futility', alpha);
  const { informationFractions, spendingFractions, isFinal } = looksOf(rule);
  const share = spendingFractions?.at(-1) ?? informationFractions.at(-1) ?? NaN;
  if (isFinal || share >= 1) return null;
  // By another clock than information, what there will be at the end is told by what there is now.
  const scale = spendingFractions === undefined ? 1 : share / (informationFractions.at(-1) ?? NaN);
  const past = informationFractions.map((information) => information * scale);
  const left = rule.looks - rule.look;
  const future = Array.from({ length: left }, (_, index) => share + ((1 - share) * (index + 1)) / left);
  future[left - 1] = 1;
  const design = futilityDesign({
    alphaSpending: rule.spending,
    betaSpending: futility.spending,
    alpha: alpha / 2,
    beta: 1 - futility.power,
    informationFractions: [...past, ...future],
    spendingFractions: [...(spendingFractions ?? past), ...future],
  });
  const sign = goodDirection === 'increase' ? 1 : -1;
  // Who meets before this look would have given up there.
  const boundary = design.lower[rule.look - 1] ?? design.upper.at(-1) ?? NaN;
  const { estimate, standardError } = effect;
  return {
    isFutile: sign * estimate < boundary * standardError,
    boundary: Number.isFinite(boundary) ? sign * boundary * standardError : null,
    detectableEffect: sign * design.drift * standardError * Math.sqrt(share),
    power: futility.power,
  };
}
