import type { Selectable } from 'kysely';
import type { KillRecord } from '../port.ts';
import type { KillsTable, Tx } from './schema.ts';

export async function loadKillsInForce(tx: Tx): Promise<KillRecord[]> {
  const rows = await tx.selectFrom('kills').selectAll().where('revoked_at', 'is', null).orderBy('kill_id').execute();
  return rows.map(recordOf);
}

export async function isFlagKilled(tx: Tx, flagKey: string): Promise<boolean> {
  const kill = await tx
    .selectFrom('kills')
    .select('kill_id')
    .where('target_kind', '=', 'flag')
    .where('target_key', '=', flagKey)
    .where('revoked_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return kill !== undefined;
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
