import { sql } from 'kysely';
import { Ruleset, RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { buildRuleset, type ExperimentWithDefinition } from '../ruleset/build-ruleset.ts';
import { checkRuleset } from '../ruleset/check-ruleset.ts';
import { diffRulesets, isEmptyDelta } from '../ruleset/diff-rulesets.ts';
import { loadNewest, loadPinned } from './definitions.ts';
import { loadStates } from './experiments.ts';
import { loadKillsInForce } from './kills.ts';
import { SCHEMA, type Database, type Tx } from './schema.ts';

/** Any number that nothing else locks in this database. */
const PUBLICATION_LOCK = 7_310_002;
/** Rulesets are kept for watchers that lag; what changed and why is in the audit for good. */
const KEPT_VERSIONS = 200;

export const CHANNEL = 'umpire_ruleset';

/**
 * Runs a change alone: until it commits, no other change begins. So versions have no gaps and are published in order, and what a change
 * read is still so when it writes.
 */
export async function changing<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  return await database.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${PUBLICATION_LOCK})`.execute(tx);
    return await work(tx);
  });
}

/**
 * Publishes the ruleset that follows from the tables, in the transaction that changed them; where nothing follows, nothing is published.
 * @returns the version that holds the change
 * @throws ConflictError where SDKs would refuse the ruleset
 */
export async function publish(tx: Tx, nowMs: number): Promise<number> {
  const current = await loadCurrent(tx);
  const next = buildRuleset({
    version: current.version + 1,
    publishedAtMs: nowMs,
    definitions: (await loadNewest(tx)).map((stored) => stored.definition),
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
  await tx
    .deleteFrom('rulesets')
    .where('version', '<=', next.version - KEPT_VERSIONS)
    .execute();
  await sql`select pg_notify(${CHANNEL}, ${String(next.version)})`.execute(tx);
  return next.version;
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
