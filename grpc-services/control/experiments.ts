import type {
  Actor as WireActor,
  ControlServiceServer,
  Experiment,
} from '@third-umpire/proto/umpire/control/v1/control';
import type { Actor } from '../../control-store/port.ts';
import { InvalidRequestError } from '../failures.ts';
import { unary } from '../handler.ts';
import { actorOf, required } from '../fields.ts';
import { readExperiment } from './reading.ts';
import type { ControlParts } from './service.ts';

type Verbs = Pick<
  ControlServiceServer,
  | 'startExperiment'
  | 'approveExperiment'
  | 'pauseExperiment'
  | 'resumeExperiment'
  | 'rampExperiment'
  | 'shipExperiment'
  | 'rollbackExperiment'
>;

/** Verbs are steered through the workflow; each answers with where the experiment stands afterwards. */
export function experimentMethods({ controlStore, experimentWorkflows, logger }: ControlParts): Verbs {
  const steer = async (
    request: { readonly experimentKey: string; readonly actor: WireActor | undefined },
    verb: (key: string, actor: Actor) => Promise<unknown>,
  ): Promise<{ experiment: Experiment }> => {
    const key = required('experiment_key', request.experimentKey);
    await verb(key, actorOf(request.actor));
    return { experiment: await readExperiment(controlStore, key) };
  };
  return {
    startExperiment: unary(logger, async ({ experimentKey, actor }) => {
      const key = required('experiment_key', experimentKey);
      const who = actorOf(actor);
      // An experiment that is not defined is told here, and not by a workflow that fails later.
      await controlStore.getDefinition('experiment', key);
      return { workflowId: await experimentWorkflows.start(key, who) };
    }),
    approveExperiment: unary(logger, (request) => steer(request, experimentWorkflows.approve)),
    pauseExperiment: unary(logger, (request) => steer(request, experimentWorkflows.pause)),
    resumeExperiment: unary(logger, (request) => steer(request, experimentWorkflows.resume)),
    rampExperiment: unary(logger, (request) =>
      steer(request, (key, actor) => namingField('stage', () => experimentWorkflows.ramp(key, request.stage, actor))),
    ),
    shipExperiment: unary(logger, (request) =>
      steer(request, (key, actor) =>
        namingField('variant', () => experimentWorkflows.ship(key, required('variant', request.variant), actor)),
      ),
    ),
    rollbackExperiment: unary(logger, (request) => steer(request, experimentWorkflows.rollBack)),
  };
}

/** The workflow refuses a value out of range; the caller hears which field held it. */
async function namingField(field: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidRequestError(field, error.message);
    throw error;
  }
}
