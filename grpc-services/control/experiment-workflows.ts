import type { Actor, KillRecord } from '../../control-store/port.ts';

/**
 * Steers the workflows that own experiments. Every call settles when the workflow has taken it in; where the experiment stands then is
 * in the control store.
 */
export interface ExperimentWorkflows {
  /** Returns the workflow's id. @throws ConflictError where it runs already */
  start(experimentKey: string, actor: Actor): Promise<string>;
  /** @throws ConflictError where no approval is waited for; NotFoundError where nothing runs */
  approve(experimentKey: string, actor: Actor): Promise<void>;
  /** @throws ConflictError, NotFoundError */
  pause(experimentKey: string, actor: Actor): Promise<void>;
  /** @throws ConflictError, NotFoundError */
  resume(experimentKey: string, actor: Actor): Promise<void>;
  /** @throws RangeError for a stage that is not later; ConflictError, NotFoundError */
  ramp(experimentKey: string, stage: number, actor: Actor): Promise<void>;
  /** @throws RangeError for a variant that it does not have; ConflictError, NotFoundError */
  ship(experimentKey: string, variant: string, actor: Actor): Promise<void>;
  /** @throws ConflictError, NotFoundError */
  rollBack(experimentKey: string, actor: Actor): Promise<void>;
  /** Tells the workflow of a kill that is already published. Where no workflow runs there is nothing to tell. */
  killed(experimentKey: string, kill: KillRecord): Promise<void>;
}
