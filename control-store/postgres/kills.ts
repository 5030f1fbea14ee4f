import { sql, type Selectable } from 'kysely';
import { uuidv7 } from 'uuidv7';
import { NotFoundError, type Actor, type KillRecord } from '../port.ts';
import { assertActor, assertText, writeAudit } from './audit.ts';
import { changing, publish } from './publish.ts';
import type { Database, KillsTable, Tx } from './schema.ts';
import { once } from './steps.ts';

interface KillRequest {
  readonly target: KillRecord['target'];
  readonly actor: Actor;
  readonly stepKey: string;
}

export async function loadKillsInForce(tx: Tx): Promise<KillRecord[]> {
  const rows = await tx.selectFrom('kills').selectAll().where('revoked_at', 'is', null).orderBy('kill_id').execute();
  return rows.map(recordOf);
}

export async function kill(database: Database, request: KillRequest, nowMs: number): Promise<KillRecord> {
  assertActor(request.actor);
  assertText('target.key', request.target.key);
  return await changing(database, (tx) =>
    once(tx, { stepKey: request.stepKey, request: { kill: request.target }, nowMs }, isKillRecord, () =>
      writeKill(tx, request, nowMs),
    ),
  );
}

async function writeKill(tx: Tx, { target, actor }: KillRequest, nowMs: number): Promise<KillRecord> {
  await assertTargetExists(tx, target);
  const killId = uuidv7();
  const killedAt = new Date(nowMs);
  await tx
    .insertInto('kills')
    .values({
      kill_id: killId,
      target_kind: target.kind,
      target_key: target.key,
      actor: actor.name,
      reason: actor.reason,
      killed_at: killedAt,
      ruleset_version: 0,
      revoked_at: null,
      revoked_version: null,
    })
    .execute();
  // Units that were enrolled see control from now on, so nothing after this is a comparison.
  await tx
    .updateTable('experiments')
    .set((update) => ({
      analysis_closed_at: sql<Date>`coalesce(analysis_closed_at, case when epoch > 0 then ${killedAt}::timestamptz end)`,
      status_reason: `killed by ${actor.name}: ${actor.reason}`,
      revision: update('revision', '+', 1),
    }))
    .where(target.kind === 'flag' ? 'flag_key' : 'key', '=', target.key)
    .execute();
  const rulesetVersion = await publish(tx, nowMs);
  await tx.updateTable('kills').set({ ruleset_version: rulesetVersion }).where('kill_id', '=', killId).execute();
  const record: KillRecord = { killId, target, actor, killedAtMs: nowMs, rulesetVersion };
  await writeAudit(tx, { actor, action: 'kill', subject: target.key, detail: record, nowMs });
  return record;
}

/** Revoking once more returns the same version, so that a lost answer can be asked for again. */
export async function revokeKill(database: Database, killId: string, actor: Actor, nowMs: number): Promise<number> {
  assertActor(actor);
  return await changing(database, async (tx) => {
    const row = await tx.selectFrom('kills').selectAll().where('kill_id', '=', killId).executeTakeFirst();
    if (row === undefined) throw new NotFoundError(`there is no kill ${killId}`);
    if (row.revoked_version !== null) return row.revoked_version;
    await tx
      .updateTable('kills')
      .set({ revoked_at: new Date(nowMs) })
      .where('kill_id', '=', killId)
      .execute();
    await tx
      .updateTable('experiments')
      .set((update) => ({ revision: update('revision', '+', 1) }))
      .where(row.target_kind === 'flag' ? 'flag_key' : 'key', '=', row.target_key)
      .execute();
    const version = await publish(tx, nowMs);
    await tx.updateTable('kills').set({ revoked_version: version }).where('kill_id', '=', killId).execute();
    const detail = { killId, rulesetVersion: version };
    await writeAudit(tx, { actor, action: 'kill.revoked', subject: row.target_key, detail, nowMs });
    return version;
  });
}

async function assertTargetExists(tx: Tx, target: KillRecord['target']): Promise<void> {
  const defined = await tx
    .selectFrom('definition_versions')
    .select('key')
    .where('kind', '=', target.kind)
    .where('key', '=', target.key)
    .executeTakeFirst();
  if (defined !== undefined) return;
  const implied = await tx
    .selectFrom('experiments')
    .select('key')
    .where('flag_key', '=', target.key)
    .executeTakeFirst();
  if (target.kind === 'flag' && implied !== undefined) return;
  throw new NotFoundError(`there is no ${target.kind} ${target.key}`);
}

function recordOf(row: Selectable<KillsTable>): KillRecord {
  return {
    killId: row.kill_id,
    target: { kind: row.target_kind, key: row.target_key },
    actor: { name: row.actor, reason: row.reason },
    killedAtMs: row.killed_at.getTime(),
    rulesetVersion: row.ruleset_version,
  };
}

function isKillRecord(value: unknown): value is KillRecord {
  return typeof value === 'object' && value !== null && 'killId' in value;
}
