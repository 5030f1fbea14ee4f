/** Starts the workflow that carries out an erasure. */
export interface ErasureWorkflows {
  /** Returns the workflow's id; where it runs already, or is over, nothing is started. */
  start(erasureId: string): Promise<string>;
}
