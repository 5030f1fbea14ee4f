import { randomUUID } from 'node:crypto';
import type { ControlServiceServer, KillRequest } from '@third-umpire/proto/umpire/control/v1/control';
import type { KillRecord } from '../../control-store/port.ts';
import { InvalidRequestError } from '../failures.ts';
import { unary } from '../handler.ts';
import { actorOf, required } from '../fields.ts';
import type { ControlParts } from './service.ts';

/** A kill is published first; the workflow is told afterwards, as well as it goes: stepping back needs no Temporal. */
export function killMethods({
  controlStore,
  experimentWorkflows,
  logger,
}: ControlParts): Pick<ControlServiceServer, 'kill' | 'revokeKill'> {
  const tell = async (kill: KillRecord): Promise<void> => {
    try {
      for (const key of await killedExperiments(controlStore, kill)) await experimentWorkflows.killed(key, kill);
    } catch (error) {
      logger.warn(
        { err: error, killId: kill.killId },
        'the kill is in force, but the workflow could not be told of it',
      );
    }
  };
  return {
    kill: unary(logger, async (request) => {
      const kill = await controlStore.kill({
        target: targetOf(request),
        actor: actorOf(request.actor),
        stepKey: `control-service/${randomUUID()}`,
      });
      void tell(kill);
      return { killId: kill.killId, rulesetVersion: kill.rulesetVersion };
    }),
    revokeKill: unary(logger, async ({ killId, actor }) => ({
      rulesetVersion: await controlStore.revokeKill(required('kill_id', killId), actorOf(actor)),
    })),
  };
}

function targetOf({ target }: KillRequest): KillRecord['target'] {
  if (target === undefined) throw new InvalidRequestError('target', 'is missing; name a flag or an experiment');
  return target.$case === 'flagKey'
    ? { kind: 'flag', key: required('flag_key', target.value) }
    : { kind: 'experiment', key: required('experiment_key', target.value) };
}

async function killedExperiments(
  controlStore: ControlParts['controlStore'],
  { target }: KillRecord,
): Promise<readonly string[]> {
  if (target.kind === 'experiment') return [target.key];
  const definitions = await controlStore.listDefinitions('experiment');
  return definitions.flatMap(({ definition }) =>
    definition.kind === 'experiment' && definition.flag === target.key ? [definition.key] : [],
  );
}
