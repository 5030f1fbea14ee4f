import { sql } from 'kysely';
import { uuidv7 } from 'uuidv7';
import { NotFoundError, type Actor, type KillRecord, type LifecycleStatus } from '../port.ts';
import { assertActor, assertText, writeAudits } from './audit.ts';
import type { ChangeLine } from './change-line.ts';
import { publish, publishKill } from './publish.ts';
import type { Tx } from './schema.ts';
import { once } from './steps.ts';

interface KillRequest {
  readonly target: KillRecord['target'];
  readonly actor: Actor;
  readonly stepKey: string;
}

/** Experiments that ended keep the reason why. */
const ENDED: readonly LifecycleStatus[] = ['rolled-back', 'invalid', 'inconclusive', 'archived'];

export async function kill(changes: ChangeLine, request: KillRequest, nowMs: number): Promise<KillRecord> {
  assertActor(request.actor);
  assertText('target.key', request.target.key);
  return await changes.runAhead((tx) =>
    once(tx, { stepKey: request.stepKey, request: { kill: request.target }, nowMs }, isKillRecord, () =>
      writeKill(tx, request, nowMs),
    ),
  );
}

async function writeKill(tx: Tx, { target, actor }: KillRequest, nowMs: number): Promise<KillRecord> {
  await assertTargetExists(tx, target);
  const kill = { killId: uuidv7(), target, actor, killedAtMs: nowMs };
  const rulesetVersion = await publishKill(tx, kill);
  const record: KillRecord = { ...kill, rulesetVersion };
  await insertKill(tx, record);
  await writeAudits(tx, [{ actor, action: 'kill', subject: target.key, detail: record, nowMs }]);
  return record;
}

/** Puts a kill in force in the tables and closes the analysis that it ends. The ruleset is the caller's to publish. */
export async function insertKill(
  tx: Tx,
  { killId, target, actor, killedAtMs, rulesetVersion }: KillRecord,
): Promise<void> {
  const killedAt = new Date(killedAtMs);
  await tx
    .insertInto('kills')
    .values({
      kill_id: killId,
      target_kind: target.kind,
      target_key: target.key,
      actor: actor.name,
      reason: actor.reason,
      killed_at: killedAt,
      ruleset_version: rulesetVersion,
      revoked_at: null,
      revoked_version: null,
    })
    .execute();
  const reason = `killed by ${actor.name}: ${actor.reason}`;
  // Units that were enrolled see control from now on, so nothing after this is a comparison.
  await tx
    .updateTable('experiments')
    .set((update) => ({
      analysis_closed_at: sql<Date>`coalesce(analysis_closed_at, case when epoch > 0 then ${killedAt}::timestamptz end)`,
      status_reason: sql<string>`case when status in (${sql.join(ENDED)}) then status_reason else ${reason}::text end`,
      revision: update('revision', '+', 1),
    }))
    .where(target.kind === 'flag' ? 'flag_key' : 'key', '=', target.key)
    .execute();
}

/** Revoking once more returns the same version, so that a lost answer can be asked for again. */
export async function revokeKill(changes: ChangeLine, killId: string, actor: Actor, nowMs: number): Promise<number> {
  assertActor(actor);
  assertText('killId', killId);
  return await changes.run(async (tx) => {
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
    await writeAudits(tx, [{ actor, action: 'kill.revoked', subject: row.target_key, detail, nowMs }]);
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

function isKillRecord(value: unknown): value is KillRecord {
  return typeof value === 'object' && value !== null && 'killId' in value;
}
