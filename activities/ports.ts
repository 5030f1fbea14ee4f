import type { ControlStore } from '../control-store/port.ts';
import type { NewestDeadLetters, ResultTables } from '../judge/result-tables.ts';
import type { CausalParts } from './causal.ts';
import type { ErasureParts } from './erasure.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';

/** Computes an experiment's scorecard from the warehouse, as of now. Throws where it cannot: it never guesses. */
export type Judge = (experimentKey: string) => Promise<Scorecard>;

/**
 * Makes a judge for these experiments, all as of the same time: what they count is counted in one pass, before the first is asked for. Throws where
 * that pass fails; each can still be judged by itself then.
 */
export type JudgeTogether = (experimentKeys: readonly string[]) => Promise<Judge>;

/** What the activities reach of the world. */
export interface Ports {
  readonly controlStore: ControlStore;
  readonly judge: Judge;
  /** Judges a round of experiments; default: one after another. */
  readonly judgeTogether?: JudgeTogether;
  /** Where results are written for whoever reads the warehouse; default: nowhere. */
  readonly results?: { readonly tables: ResultTables; readonly deadLetters: NewestDeadLetters };
  /** What answers causal questions; default: none, and they wait for a worker that has it. */
  readonly causal?: CausalParts;
  /** The stores that erase users; default: none, and an erasure waits for a worker that has them. */
  readonly erasure?: ErasureParts;
}
