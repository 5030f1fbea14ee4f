import { isLive, recordOf } from '../experiment-state.ts';
import { applyTransition } from '../lifecycle.ts';
import { ConflictError, NotFoundError, type ExperimentRecord, type TransitionRequest } from '../port.ts';
import type { Reservation } from '../ruleset/buckets.ts';
import { assertActor, assertText, writeAudits } from './audit.ts';
import type { ChangeLine } from './change-line.ts';
import { loadExperimentDefinition } from './definitions.ts';
import { loadStates, updateState } from './experiments.ts';
import { loadWithDefinitions, publish } from './publish.ts';
import type { Tx } from './schema.ts';
import { once } from './steps.ts';

/** @throws ConflictError, NotFoundError */
export async function transition(
  changes: ChangeLine,
  request: TransitionRequest,
  nowMs: number,
): Promise<ExperimentRecord> {
  assertActor(request.actor);
  const { experimentKey } = request;
  assertText('experimentKey', experimentKey);
  return await changes.run((tx) =>
    once(
      tx,
      { stepKey: request.stepKey, request: { experimentKey, transition: request.transition }, nowMs },
      isExperimentRecord,
      () => writeTransition(tx, request, nowMs),
    ),
  );
}

async function writeTransition(
  tx: Tx,
  { experimentKey, transition: wanted, actor, expectedRevision }: TransitionRequest,
  nowMs: number,
): Promise<ExperimentRecord> {
  const [state] = await loadStates(tx, experimentKey);
  if (state === undefined) throw new NotFoundError(`there is no experiment ${experimentKey}`);
  if (expectedRevision !== undefined && expectedRevision !== state.revision) {
    throw new ConflictError(
      `experiment ${experimentKey} is at revision ${state.revision}, not ${expectedRevision}: someone else changed it; read it again`,
    );
  }
  const version = wanted.to === 'started' ? wanted.definitionVersion : state.definitionVersion;
  const definition = await loadExperimentDefinition(tx, experimentKey, version);
  const next = applyTransition(state, wanted, {
    definition,
    reservations: wanted.to === 'started' ? await loadReservations(tx, definition.layer) : [],
    reason: actor.reason,
    nowMs,
  });
  await updateState(tx, next, definition.flag);
  const rulesetVersion = await publish(tx, nowMs);
  const record = recordOf(next);
  const detail = { transition: wanted, epoch: next.epoch, revision: next.revision, rulesetVersion };
  await writeAudits(tx, [{ actor, action: `experiment.${wanted.to}`, subject: experimentKey, detail, nowMs }]);
  return record;
}

/** Who holds buckets of a layer now. */
async function loadReservations(tx: Tx, layerKey: string): Promise<Reservation[]> {
  const holders = await loadWithDefinitions(tx);
  return holders
    .filter(({ state, definition }) => isLive(state) && definition.layer === layerKey)
    .map(({ state }) => ({ experimentKey: state.key, buckets: state.reservedBuckets }));
}

function isExperimentRecord(value: unknown): value is ExperimentRecord {
  return typeof value === 'object' && value !== null && 'revision' in value;
}
