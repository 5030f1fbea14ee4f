export const QUESTION_STATES = ['running', 'answered', 'refused', 'failed', 'cancelled'] as const;
export type QuestionState = (typeof QUESTION_STATES)[number];

/** A causal question with what became of it. */
export interface CausalRecord {
  readonly questionId: string;
  /** As it was asked. */
  readonly question: unknown;
  readonly askedAtMs: number;
  readonly state: QuestionState;
  /** What is being done, or why it failed. */
  readonly detail: string;
  readonly finishedAtMs: number | null;
  /** JSON; null until there is one. */
  readonly report: unknown;
}

/** Questions and their reports. */
export interface CausalStore {
  /** Notes a question; one with this id is left as it is. */
  put(questionId: string, question: unknown): Promise<CausalRecord>;
  /** What is being done; a question that is over is left as it is. */
  progress(questionId: string, detail: string): Promise<void>;
  /** The end of a question. A second time changes nothing. */
  finish(
    questionId: string,
    end: { readonly state: Exclude<QuestionState, 'running'>; readonly detail: string; readonly report: unknown },
  ): Promise<void>;
  /** @throws NotFoundError */
  get(questionId: string): Promise<CausalRecord>;
  /** The newest first, without their reports. */
  list(limit: number): Promise<readonly CausalRecord[]>;
  close(): Promise<void>;
}
