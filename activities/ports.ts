import type { ControlStore } from '../control-store/port.ts';
import type { NewestDeadLetters, ResultTables } from '../judge/result-tables.ts';
import type { ErasureParts } from './erasure.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';

/** Computes an experiment's scorecard from the warehouse, as of now. Throws where it cannot: it never guesses. */
export type Judge = (experimentKey: string) => Promise<Scorecard>;

/** What the activities reach of the world. */
export interface Ports {
  readonly controlStore: ControlStore;
  readonly judge: Judge;
  /** Where results are written for whoever reads the warehouse; default: nowhere. */
  readonly results?: { readonly tables: ResultTables; readonly deadLetters: NewestDeadLetters };
  /** The stores that erase users; default: none, and an erasure waits for a worker that has them. */
  readonly erasure?: ErasureParts;
}
