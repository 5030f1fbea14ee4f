import type { Effect } from '../../effect.ts';
import { aipwEffect, type DoublyRobustEffect } from './aipw.ts';
import { drawnFolds } from './folds.ts';
import type { Nuisances } from './nuisances.ts';

export interface RepetitionOptions {
  /** How often folds are drawn anew; an odd number has a middle one. */
  readonly repetitions: number;
  readonly foldCount: number;
  /** Of the first folds; the next ones are drawn by the next seeds. */
  readonly seed: number;
  /** See `aipwEffect`. */
  readonly bound?: number;
}

export interface RepeatedEffect extends DoublyRobustEffect {
  /** Each repetition's own, in turn. */
  readonly effects: readonly DoublyRobustEffect[];
}

/**
 * AIPW cross-fitted again and again, so that the answer hangs less on how folds were drawn: the median of the estimates.
 *
 * @param nuisancesOf predictions for folds that were drawn
 * @returns `boundedCount` is the largest of the repetitions
 * @throws RangeError for less than one repetition
 */
export function repeatedlyCrossFitted(
  treatment: Uint8Array,
  outcome: Float64Array,
  estimand: 'ATT' | 'ATE',
  { repetitions, foldCount, seed, bound }: RepetitionOptions,
  nuisancesOf: (folds: Uint8Array, foldCount: number) => Nuisances,
): RepeatedEffect {
  if (!Number.isSafeInteger(repetitions) || repetitions < 1)
    throw new RangeError(`cross-fitting: repetitions must be a whole number above 0, got ${repetitions}`);
  const effects = Array.from({ length: repetitions }, (_, repetition) => {
    const folds = drawnFolds(treatment, foldCount, seed + repetition);
    return aipwEffect(treatment, outcome, nuisancesOf(folds, foldCount), estimand, bound);
  });
  return { ...medianEffect(effects), boundedCount: Math.max(...effects.map((of) => of.boundedCount)), effects };
}

/**
 * The median of estimates that differ by how folds were drawn. Its variance is the median of theirs, each widened by how far it is off the median.
 *
 * Source: Chernozhukov et al. 2018, equation 3.14 and definition 3.3.
 *
 * @throws RangeError where there is none
 */
export function medianEffect(effects: readonly Effect[]): Effect {
  const estimate = median(effects.map((of) => of.estimate));
  const variance = median(effects.map((of) => of.standardError ** 2 + (of.estimate - estimate) ** 2));
  return { estimate, standardError: Math.sqrt(variance) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [above, below] = [sorted[half], sorted[half - 1 + (sorted.length % 2)]];
  if (above === undefined || below === undefined) throw new RangeError('median of estimates: there is none');
  return (above + below) / 2;
}
