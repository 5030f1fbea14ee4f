import { sql } from 'kysely';
import { Ruleset, RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { KillRecord } from '../port.ts';
import { buildRuleset, killOf, type ExperimentWithDefinition } from '../ruleset/build-ruleset.ts';
import { checkRuleset } from '../ruleset/check-ruleset.ts';
import { diffRulesets, isEmptyDelta } from '../ruleset/diff-rulesets.ts';
import { loadNewest, loadPinned } from './definitions.ts';
import { loadStates } from './experiments.ts';
import { loadKillsInForce } from './kills-in-force.ts';
import { SCHEMA, type Database, type Tx } from './schema.ts';

/** Rulesets are kept for watchers that lag; what changed and why is in the audit for good. */
const KEPT_VERSIONS = 200;

/** Beside experiments, of which rulesets hold the versions that their records are at. */
const KINDS_IN_RULESETS = ['flag', 'segment', 'layer', 'holdout'] as const;

export const CHANNEL = 'umpire_ruleset';

/**
 * Publishes the ruleset that follows from the tables, in the transaction that changed them; where nothing follows, nothing is published.
 * @returns the version that holds the change
 * @throws ConflictError where SDKs would refuse the ruleset
 */
export async function publish(tx: Tx, nowMs: number): Promise<number> {
  const current = await loadCurrent(tx);
  const next = buildRuleset({
    version: await versionAfter(tx, current.version),
    publishedAtMs: nowMs,
    definitions: (await loadNewest(tx, KINDS_IN_RULESETS)).map((stored) => stored.definition),
    experiments: await loadWithDefinitions(tx),
    kills: await loadKillsInForce(tx),
  });
  const delta = diffRulesets(current, next);
  if (isEmptyDelta(delta)) return current.version;
  checkRuleset(next);
  await tx
    .insertInto('rulesets')
    .values({
      version: next.version,
      published_at: new Date(nowMs),
      ruleset: Buffer.from(Ruleset.encode(next).finish()),
      delta: Buffer.from(RulesetDelta.encode(delta).finish()),
    })
    .execute();
  await announce(tx, next.version);
  return next.version;
}

/**
 * Publishes a kill on top of the current ruleset, whatever that holds. Nothing is built, compared or checked: a kill has to go out in
 * milliseconds, and also when the rest of the ruleset is large or broken.
 *
 * Protocol buffers merge by concatenation, so the ruleset's bytes followed by those of a ruleset with only the new kill, version and
 * time are the new ruleset.
 * @returns the version that holds the kill
 */
export async function publishKill(tx: Tx, kill: Omit<KillRecord, 'rulesetVersion'>): Promise<number> {
  const { version: baseVersion } = await tx
    .selectFrom('rulesets')
    .select('version')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const version = await versionAfter(tx, baseVersion);
  const publishedAt = new Date(kill.killedAtMs);
  const added = Ruleset.fromPartial({ version, publishedAt, kills: [killOf(kill)] });
  const delta = RulesetDelta.fromPartial({ baseVersion, version, publishedAt, upserts: added });
  const addedBytes = Buffer.from(Ruleset.encode(added).finish());
  const deltaBytes = Buffer.from(RulesetDelta.encode(delta).finish());
  await sql`
    insert into umpire_control.rulesets (version, published_at, ruleset, delta)
    select ${version}::integer, ${publishedAt}::timestamptz, ruleset || ${addedBytes}::bytea, ${deltaBytes}::bytea
    from umpire_control.rulesets where version = ${baseVersion}`.execute(tx);
  await announce(tx, version);
  return version;
}

/** The next version; after a restore one that no caller can have seen with other content. */
export async function versionAfter(tx: Tx, version: number): Promise<number> {
  const { floor } = await tx
    .selectFrom('restores')
    .select((select) => select.fn.max('version_floor').as('floor'))
    .executeTakeFirstOrThrow();
  return Math.max(version, floor ?? 0) + 1;
}

export async function announce(tx: Tx, version: number): Promise<void> {
  await tx
    .deleteFrom('rulesets')
    .where('version', '<=', version - KEPT_VERSIONS)
    .execute();
  await sql`select pg_notify(${CHANNEL}, ${String(version)})`.execute(tx);
}

export async function loadWithDefinitions(tx: Tx): Promise<ExperimentWithDefinition[]> {
  const pinned = await loadPinned(tx);
  return (await loadStates(tx)).map((state) => {
    const definition = pinned.get(state.key);
    if (definition === undefined) {
      throw new Error(`${SCHEMA}: experiment ${state.key} has no definition at version ${state.definitionVersion}`);
    }
    return { state, definition };
  });
}

export async function loadCurrent(database: Database | Tx): Promise<Ruleset> {
  const row = await database
    .selectFrom('rulesets')
    .select('ruleset')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  return Ruleset.decode(row.ruleset);
}
