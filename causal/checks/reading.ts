/** What one attempt to refute an estimate found. */
export interface CheckReading {
  readonly check: CheckName;
  readonly outcome: 'passed' | 'failed' | 'undecided' | 'not run';
  /** What was done and found, with its numbers, for a reader. */
  readonly sentence: string;
  /** How far off what should be nothing is, in standard deviations of the outcome; null where that is no number. */
  readonly standardizedSize: number | null;
  /** How far off it may be as well, by the farther end of its interval; null likewise. */
  readonly largestSize: number | null;
  /** What should be nothing is a covariate of the answer too: it was left out for the attempt only, so the answer itself may still be right. */
  readonly isAdjustedFor: boolean;
}

export type CheckName =
  | 'placebo treatment'
  | 'pre-treatment outcome'
  | 'negative control'
  | 'random common cause'
  | 'subsets'
  | 'leave one covariate out';

export function notRun(check: CheckName, why: string): CheckReading {
  return { ...NO_SIZE, check, outcome: 'not run', sentence: why };
}

/** Of a check of the estimate itself, not of what should be nothing. */
export const NO_SIZE = { standardizedSize: null, largestSize: null, isAdjustedFor: false } as const;

/** Numbers as a reader wants them. */
export function shown(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 2 : 4;
  return value.toLocaleString('en-GB', { maximumFractionDigits: digits });
}
