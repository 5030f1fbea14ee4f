/** What the demo and its simulator tell each other. */
export type ToSimulator =
  | { readonly kind: 'begin' }
  /** Ask for the truth and stop. */
  | { readonly kind: 'finish' };

export type FromSimulator =
  | { readonly kind: 'connected'; readonly clients: number }
  | { readonly kind: 'backfill'; readonly published: number; readonly isOver: boolean }
  | { readonly kind: 'first-harm'; readonly atMs: number }
  | { readonly kind: 'cut-off'; readonly client: number; readonly forMs: number }
  /** A client, at a new ruleset, serves control to a user who was shown the prompt. */
  | { readonly kind: 'kill-served'; readonly client: number; readonly atMs: number }
  | { readonly kind: 'progress'; readonly sessions: number; readonly events: number; readonly dropped: number }
  | { readonly kind: 'finished'; readonly report: SimulationReport };

/** The average chances of the units that were exposed by a random split. */
export interface Chances {
  readonly units: number;
  readonly without: number;
  readonly with: number;
}

export interface SimulationReport {
  readonly sessions: number;
  readonly retry: Chances;
  readonly prompt: Chances;
  /** Events that the platform acknowledged, with those of the history. */
  readonly delivered: number;
  readonly undelivered: number;
  readonly dropped: number;
  readonly reconnects: number;
}

export interface SimulatorOptions {
  readonly address: string;
  readonly seed: number;
  readonly users: number;
  readonly clients: number;
  readonly sessionsPerSecond: number;
}
