import { sql, type Kysely, type Selectable } from 'kysely';
import type { BucketRange } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { ExperimentState } from '../experiment-state.ts';
import { inBatches } from './batches.ts';
import type { ControlDatabase, Database, ExperimentsTable, Tx } from './schema.ts';

type Row = Selectable<ExperimentsTable> & { readonly is_killed: boolean };

/** States of all experiments, or of one. */
export async function loadStates(database: Database | Tx, key?: string): Promise<ExperimentState[]> {
  let query = withKills(database).orderBy('key');
  if (key !== undefined) query = query.where('key', '=', key);
  return (await query.execute()).map(stateOf);
}

/** Whether a kill is in force is derived: it may name the flag as well as the experiment. */
function withKills(database: Kysely<ControlDatabase>) {
  return database
    .selectFrom('experiments')
    .selectAll()
    .select(
      sql<boolean>`exists (
        select from umpire_control.kills
        where revoked_at is null
          and ((target_kind = 'experiment' and target_key = experiments.key)
            or (target_kind = 'flag' and target_key = experiments.flag_key)))`.as('is_killed'),
    );
}

export async function insertStates(
  tx: Tx,
  added: readonly { readonly state: ExperimentState; readonly flagKey: string }[],
): Promise<void> {
  const rows = added.map(({ state, flagKey }) => ({ key: state.key, ...columnsOf(state, flagKey) }));
  await inBatches(rows, (batch) => tx.insertInto('experiments').values(batch).execute());
}

/** Replaces the state that had the revision before: whoever comes second fails. */
export async function updateState(tx: Tx, state: ExperimentState, flagKey: string): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('experiments')
    .set(columnsOf(state, flagKey))
    .where('key', '=', state.key)
    .where('revision', '=', state.revision - 1)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) {
    throw new Error(
      `experiment ${state.key} was changed by someone else at revision ${state.revision - 1}; read it again`,
    );
  }
}

function columnsOf(state: ExperimentState, flagKey: string) {
  return {
    flag_key: flagKey,
    epoch: state.epoch,
    definition_version: state.definitionVersion,
    status: state.status,
    status_reason: state.statusReason,
    stage: state.stage,
    enrolled_basis_points: state.enrolledBasisPoints,
    shipped_variant: state.shippedVariant,
    started_at: dateOf(state.startedAtMs),
    enrolled_at: dateOf(state.enrolledAtMs),
    analysis_closed_at: dateOf(state.analysisClosedAtMs),
    reserved_buckets: JSON.stringify(state.reservedBuckets),
    holdback_basis_points: state.holdbackBasisPoints,
    revision: state.revision,
  };
}

function stateOf(row: Row): ExperimentState {
  return {
    key: row.key,
    epoch: row.epoch,
    definitionVersion: row.definition_version,
    status: row.status,
    statusReason: row.status_reason,
    stage: row.stage,
    enrolledBasisPoints: row.enrolled_basis_points,
    shippedVariant: row.shipped_variant,
    startedAtMs: row.started_at?.getTime() ?? null,
    enrolledAtMs: row.enrolled_at?.getTime() ?? null,
    analysisClosedAtMs: row.analysis_closed_at?.getTime() ?? null,
    isKilled: row.is_killed,
    revision: row.revision,
    reservedBuckets: row.reserved_buckets as readonly BucketRange[],
    holdbackBasisPoints: row.holdback_basis_points,
  };
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
