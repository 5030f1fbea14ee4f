import type { Effect } from '../../effect.ts';
import { normalQuantile } from '../../normal.ts';
import { twoSidedTail } from '../../student-t.ts';
import type { OutcomeOfAttempt } from './outcome-of-attempt.ts';

/** Estimates of treatments that nobody had. */
export interface PlaceboTreatmentReading {
  readonly outcome: OutcomeOfAttempt;
  readonly drawCount: number;
  /** Mean of the estimates: the method's bias here. */
  readonly bias: number;
  readonly biasStandardError: number;
  /** That there is no bias. */
  readonly pValue: number;
  /** Share of the draws whose interval leaves 0 out. */
  readonly falseAlarmRatio: number;
}

/** Chance of what is called clear: a method is not called biased for the luck of a few draws. */
const CLEAR = 0.003;
/** In standard errors of the estimate under attack: less than the first is nothing, more than the second is something. */
const NEGLIGIBLE_BIAS = 0.5;
const RELEVANT_BIAS = 1;
/** Intervals that leave 0 out this many times as often as they may are too narrow, or off. */
const FALSE_ALARMS_OF_ALPHA = 4;

/**
 * Chances by which controls are pretended to have been treated: those of the propensity's own logistic regression with another intercept, so that the pretended
 * groups differ in kind as the real ones do, and the method meets what it was made for.
 *
 * Source: M. Huber, M. Lechner, C. Wunsch, "The performance of estimators based on the propensity score", Journal of Econometrics 175 (2013), 1–21.
 *
 * @param odds of having been treated, for each control; finite, above 0
 * @param wanted how many are to be pretended, on average; above 0, below their number
 * @throws RangeError for others
 */
export function placeboChances(odds: Float64Array, wanted: number): Float64Array {
  if (!(wanted > 0 && wanted < odds.length))
    throw new RangeError(`placebo treatment: cannot pretend that ${wanted} of ${odds.length} controls were treated`);
  const logarithms = odds.map((of) => {
    if (!(of > 0 && Number.isFinite(of))) throw new RangeError(`placebo treatment: odds of ${of}`);
    return Math.log(of);
  });
  const expected = (shift: number): number => {
    let sum = 0;
    for (let row = 0; row < logarithms.length; row += 1) sum += 1 / (1 + Math.exp(-shift - logarithms[row]!));
    return sum;
  };
  let [low, high] = [-800, 800];
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (expected(middle) < wanted) low = middle;
    else high = middle;
  }
  return logarithms.map((of) => 1 / (1 + Math.exp(-low - of)));
}

/**
 * Whether a method finds nothing where there is nothing.
 *
 * @param estimates of the pretended treatments, at least 2
 * @param standardError of the estimate under attack
 * @throws RangeError for fewer
 */
export function placeboTreatmentReading(
  estimates: readonly Effect[],
  standardError: number,
  alpha: number,
): PlaceboTreatmentReading {
  const count = estimates.length;
  if (count < 2) throw new RangeError(`placebo treatment: needs at least 2 draws, got ${count}`);
  const bias = estimates.reduce((sum, { estimate }) => sum + estimate, 0) / count;
  const squares = estimates.reduce((sum, { estimate }) => sum + (estimate - bias) ** 2, 0);
  const biasStandardError = Math.sqrt(squares / (count - 1) / count);
  const pValue = biasStandardError > 0 ? twoSidedTail(bias / biasStandardError, count - 1) : bias === 0 ? 1 : 0;
  const quantile = normalQuantile(alpha / 2);
  const alarms = estimates.filter((of) => Math.abs(of.estimate) > quantile * of.standardError).length;
  const falseAlarmRatio = alarms / count;
  const inErrors = Math.abs(bias) / standardError;
  const isBiased = pValue < CLEAR && inErrors > RELEVANT_BIAS;
  const isTooNarrow = alarms >= 3 && falseAlarmRatio > FALSE_ALARMS_OF_ALPHA * alpha;
  const isNothing = inErrors < NEGLIGIBLE_BIAS || pValue >= CLEAR;
  return {
    outcome: isBiased || isTooNarrow ? 'failed' : isNothing ? 'passed' : 'undecided',
    drawCount: count,
    bias,
    biasStandardError,
    pValue,
    falseAlarmRatio,
  };
}
