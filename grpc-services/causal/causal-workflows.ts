/** Starts and stops the workflows that answer causal questions. */
export interface CausalWorkflows {
  /** Returns the workflow's id; where it runs already, or is over, nothing is started. */
  start(questionId: string, document: unknown): Promise<string>;
  cancel(questionId: string): Promise<void>;
}
