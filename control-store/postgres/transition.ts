import { sql } from 'kysely';
import type { BucketRange } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { LIVE, recordOf } from '../experiment-state.ts';
import { applyTransition } from '../lifecycle.ts';
import { ConflictError, NotFoundError, type ExperimentRecord, type TransitionRequest } from '../port.ts';
import type { Reservation } from '../ruleset/buckets.ts';
import { assertActor, assertText, writeAudits } from './audit.ts';
import type { ChangeLine } from './change-line.ts';
import { isFlagKilled } from './kills-in-force.ts';
import { loadExperimentDefinition } from './definitions.ts';
import { loadStates, updateState } from './experiments.ts';
import { publish } from './publish.ts';
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
  // A new version may be on another flag than the one before.
  const isKilled = state.isKilled || (await isFlagKilled(tx, definition.flag));
  const next = applyTransition({ ...state, isKilled }, wanted, {
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
  const rows = await tx
    .selectFrom('experiments')
    .innerJoin('definition_versions', (join) =>
      join
        .onRef('definition_versions.key', '=', 'experiments.key')
        .onRef('definition_versions.version', '=', 'experiments.definition_version')
        .on('definition_versions.kind', '=', 'experiment'),
    )
    .select(['experiments.key', 'experiments.reserved_buckets'])
    .where('experiments.status', 'in', LIVE)
    .where(sql`definition_versions.document ->> 'layer'`, '=', layerKey)
    .execute();
  return rows.map((row) => ({ experimentKey: row.key, buckets: row.reserved_buckets as readonly BucketRange[] }));
}

function isExperimentRecord(value: unknown): value is ExperimentRecord {
  return typeof value === 'object' && value !== null && 'revision' in value;
}
