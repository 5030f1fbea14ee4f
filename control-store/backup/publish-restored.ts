import { Ruleset, type Kill } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Actor, KillRecord } from '../port.ts';
import { writeAudits } from '../postgres/audit.ts';
import { insertKill } from '../postgres/kills.ts';
import { announce } from '../postgres/publish.ts';
import type { Tx } from '../postgres/schema.ts';
import { checkRuleset } from '../ruleset/check-ruleset.ts';
import type { SinceBackup } from './newest-known.ts';

/** More than anybody publishes between a backup and its restoring. */
const UNKNOWN_VERSIONS = 1_000_000;
const MAX_VERSION = 2_000_000_000;

export interface RestoreNote {
  readonly actor: Actor;
  readonly nowMs: number;
  readonly backupCreatedAtMs: number;
  readonly restored: Ruleset;
  readonly since: SinceBackup;
}

/**
 * Sees to it that callers go on from what they hold. Versions never run backwards and no version means two things: where nothing was
 * published after the backup, its ruleset is in force as it is; where something was, it is published anew above that, with the kills made since;
 * where nobody knows, it is in force as it is, and the next change is published far above it.
 *
 * @returns the version in force
 */
export async function publishRestored(tx: Tx, note: RestoreNote): Promise<number> {
  const { actor, nowMs, restored, since } = note;
  const newest = since.newest?.version ?? null;
  const floor = newest ?? restored.version + UNKNOWN_VERSIONS;
  if (floor > MAX_VERSION)
    throw new RangeError(`ruleset versions end at ${MAX_VERSION}, and ${floor} would be the next`);
  await tx
    .insertInto('restores')
    .values({
      restored_at: new Date(nowMs),
      actor: actor.name,
      reason: actor.reason,
      backup_created_at: new Date(note.backupCreatedAtMs),
      backup_version: restored.version,
      version_floor: floor,
    })
    .execute();
  const isNewest = newest === null || newest === restored.version;
  const version = isNewest ? restored.version : await publishAbove(tx, newest, note);
  await writeAudits(tx, [
    {
      actor,
      action: 'store.restored',
      subject: 'control-store',
      detail: { backupVersion: restored.version, version, newestKnown: newest, floor },
      nowMs,
    },
  ]);
  await announce(tx, version);
  return version;
}

async function publishAbove(tx: Tx, newest: number, { restored, since, nowMs, actor }: RestoreNote): Promise<number> {
  const version = newest + 1;
  const kills = since.newerKills.map((kill) => killRecordOf(kill, version));
  for (const kill of kills) await insertKill(tx, kill);
  await writeAudits(
    tx,
    kills.map((kill) => ({ actor, action: 'kill.kept', subject: kill.target.key, detail: kill, nowMs })),
  );
  const ruleset: Ruleset = {
    ...restored,
    version,
    publishedAt: new Date(nowMs),
    kills: [...restored.kills, ...since.newerKills].sort((a, b) => (a.killId < b.killId ? -1 : 1)),
  };
  checkRuleset(ruleset);
  await tx
    .insertInto('rulesets')
    .values({
      version,
      published_at: new Date(nowMs),
      ruleset: Buffer.from(Ruleset.encode(ruleset).finish()),
      delta: null,
    })
    .execute();
  return version;
}

function killRecordOf({ killId, target, actor, reason, killedAt }: Kill, rulesetVersion: number): KillRecord {
  if (target === undefined) throw new TypeError(`the kill ${killId} has no target`);
  const kind = target.$case === 'flagKey' ? 'flag' : 'experiment';
  return {
    killId,
    target: { kind, key: target.value },
    actor: { name: actor, reason },
    killedAtMs: killedAt?.getTime() ?? 0,
    rulesetVersion,
  };
}
