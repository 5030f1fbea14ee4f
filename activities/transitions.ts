import type { Actor, ExperimentRecord, TransitionRequest } from '../control-store/port.ts';
import type { Ports } from './ports.ts';

export interface TransitionActivities {
  /** Changes an experiment's record and publishes the ruleset. The same stepKey again changes nothing. @throws ConflictError */
  transition(request: TransitionRequest): Promise<ExperimentRecord>;
  /** Forces control for an experiment at once. The same stepKey again changes nothing. */
  publishKill(input: {
    readonly experimentKey: string;
    readonly actor: Actor;
    readonly stepKey: string;
  }): Promise<{ readonly killId: string }>;
  /** Where an experiment stands in the control store. @throws NotFoundError */
  readRecord(input: { readonly experimentKey: string }): Promise<ExperimentRecord>;
}

export function createTransitionActivities({ controlStore }: Pick<Ports, 'controlStore'>): TransitionActivities {
  return {
    async transition(request) {
      return await controlStore.transition(request);
    },
    async publishKill({ experimentKey, actor, stepKey }) {
      const kill = await controlStore.kill({ target: { kind: 'experiment', key: experimentKey }, actor, stepKey });
      return { killId: kill.killId };
    },
    async readRecord({ experimentKey }) {
      return await controlStore.getExperiment(experimentKey);
    },
  };
}
