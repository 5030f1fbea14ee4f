import type { Effect } from '../../effect.ts';
import { normalQuantile, normalTail } from '../../normal.ts';
import type { OutcomeOfAttempt } from './outcome-of-attempt.ts';

/** An effect on what the treatment cannot have changed, in standard deviations of it. */
export interface PlaceboOutcomeReading {
  readonly outcome: OutcomeOfAttempt;
  readonly standardizedSize: number;
  /** Distance from 0 of the farther end of the interval. */
  readonly largestSize: number;
  /** That there is no effect at all, two-sided. */
  readonly pValue: number;
  /** That the effect is at least as large as the margin: the larger of two one-sided p-values. */
  readonly equivalencePValue: number;
}

/** Up to this share of the margin a difference is not worth the name, however clear. */
const TRIFLE = 0.25;

/**
 * Whether an outcome that the treatment cannot have changed (one from before it, or a negative control) shows no effect. That p is above 0.05 does not show
 * it: few units show nothing. Passed: two one-sided tests show that the effect lies within the margin. Failed: it differs from 0, corrected for the number of
 * such outcomes (Bonferroni), by more than a trifle. Undecided: neither.
 *
 * Source: D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987), 657–680 (two one-sided tests); M. Lipsitch, E. Tchetgen Tchetgen, T. Cohen, Epidemiology 21
 * (2010), 383–388 (negative controls).
 *
 * @param spread standard deviation of the outcome, above 0
 * @param margin in standard deviations, above 0; an imbalance of 0.2 is called small (Cohen 1988)
 * @param comparisons how many such outcomes are read
 * @throws RangeError for others, and a standard error that is not above 0
 */
export function placeboOutcomeReading(
  { estimate, standardError }: Effect,
  spread: number,
  { alpha, margin, comparisons }: { readonly alpha: number; readonly margin: number; readonly comparisons: number },
): PlaceboOutcomeReading {
  if (!(spread > 0 && margin > 0 && comparisons >= 1 && standardError > 0))
    throw new RangeError(
      `placebo outcome: spread, margin, comparisons and standard error must be above 0, got ${spread}, ${margin}, ${comparisons}, ${standardError}`,
    );
  const size = estimate / spread;
  const error = standardError / spread;
  const pValue = 2 * normalTail(Math.abs(size) / error);
  const equivalencePValue = normalTail((margin - Math.abs(size)) / error);
  const differs = pValue <= alpha / comparisons && Math.abs(size) > TRIFLE * margin;
  return {
    outcome: differs ? 'failed' : equivalencePValue <= alpha ? 'passed' : 'undecided',
    standardizedSize: size,
    largestSize: Math.abs(size) + normalQuantile(alpha / 2) * error,
    pValue,
    equivalencePValue,
  };
}
