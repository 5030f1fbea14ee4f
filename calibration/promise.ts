import type { Share } from './monte-carlo.ts';

/** What a method promises of a share of experiments, and what was found. */
export interface PromiseKept {
  readonly method: string;
  readonly promise: 'at most' | 'exactly' | 'at least' | 'nothing';
  /** Of the promise; what it promises nothing of, for comparison. */
  readonly level: number;
  readonly found: Share;
}

const RUNS_OF_THE_PAGE = 10_000;

/**
 * At most: the 99 % bound lies within a tenth above the level (5.5 % for 5 %); fewer than 10,000 experiments can only show that it is broken. Exactly: the interval
 * holds the level. At least: it does not lie below.
 */
export function isKept({ promise, level, found }: PromiseKept): boolean {
  switch (promise) {
    case 'at most':
      return found.runs < RUNS_OF_THE_PAGE ? found.lower <= level : found.upper <= 1.1 * level;
    case 'exactly':
      return found.lower <= level && level <= found.upper;
    case 'at least':
      return found.upper >= level;
    case 'nothing':
      return true;
  }
}
