import pg from 'pg';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { ConflictError, type Actor } from '../port.ts';
import { assertActor } from '../postgres/audit.ts';
import { lockOutChanges } from '../postgres/change-line.ts';
import { MIGRATION_LOCK, migrateWithin, migrationNames } from '../postgres/migrations.ts';
import { onConnection } from '../postgres/one-connection.ts';
import { SCHEMA, type Tx } from '../postgres/schema.ts';
import { UnusableBackupError, type BackupSummary, type TableCount } from './archive-format.ts';
import { checkArchive } from './archive-reader.ts';
import { keepErasures } from './keep-erasures.ts';
import { compareWithKnown, type KnownRuleset, type SinceBackup } from './newest-known.ts';
import { publishRestored } from './publish-restored.ts';
import { describeStore, type ReplacedStore } from './replaced-store.ts';
import { restoreRows, type RowsProgress } from './restore-rows.ts';

export interface RestoreOptions {
  /** Connection string of the PostgreSQL database that the control store is restored into. */
  readonly url: string;
  readonly file: string;
  /** Who restores, and why; goes to the audit. */
  readonly actor: Actor;
  /** Whether a store that holds something may be put aside. It is kept as a schema of another name. */
  readonly mayReplace: boolean;
  /** Rulesets that servers and SDKs hold: what they have and the backup lacks is told, and their kills are kept. */
  readonly known: readonly KnownRuleset[];
  /** Ms since 1970 UTC. */
  readonly clock: () => number;
  readonly onProgress?: (progress: RowsProgress) => void;
}

export interface RestoreReport {
  /** When the backup was made, in ms since 1970 UTC. */
  readonly backupCreatedAtMs: number;
  readonly backupVersion: number;
  /** The version in force now. */
  readonly version: number;
  readonly tables: readonly TableCount[];
  /** Where the store that was there before is kept; null: there was none, or it was empty. */
  readonly replacedSchema: string | null;
  readonly since: SinceBackup;
}

const LOCK_TIMEOUT_MS = 30_000;

/**
 * Restores a backup in one transaction: all of it, or nothing. Servers and SDKs that are connected go on with the restored ruleset.
 *
 * @throws UnusableBackupError before anything is touched, where the file cannot be restored by this build
 * @throws ConflictError where the store holds something and `mayReplace` is false
 * @throws ForeignRulesetError where `known` is of another platform
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  assertActor(options.actor);
  const summary = await checkArchive(options.file);
  assertKnownMigrations(options.file, summary);
  const client = new pg.Client({ connectionString: options.url, application_name: 'umpire restore', keepAlive: true });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const root = onConnection(client);
    const tx = await root.startTransaction().execute();
    try {
      const report = await restoreWithin(client, tx.withSchema(SCHEMA), summary, options);
      await tx.commit().execute();
      return report;
    } catch (error) {
      await rollBack(client, error);
      throw error;
    }
  } finally {
    await client.end();
  }
}

async function restoreWithin(
  client: pg.Client,
  tx: Tx,
  summary: BackupSummary,
  options: RestoreOptions,
): Promise<RestoreReport> {
  const { header } = summary;
  await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await lockOutChanges(tx);
  const replaced = await putAside(client, options);
  await client.query(`create schema ${SCHEMA}`);
  await migrateWithin(onConnection(client), header.migrations.at(-1) ?? '');
  await restoreRows(client, options.file, summary, options.onProgress ?? (() => undefined));
  await migrateWithin(onConnection(client), migrationNames().at(-1) ?? '');
  if (replaced !== null) await keepErasures(client, replaced.keptAs);
  const restored = await newestRuleset(client, options.file);
  const known = replaced === null ? options.known : [...options.known, replaced.known];
  const since = compareWithKnown(restored, known);
  const version = await publishRestored(tx, {
    actor: options.actor,
    nowMs: options.clock(),
    backupCreatedAtMs: header.createdAtMs,
    restored,
    since,
  });
  return {
    backupCreatedAtMs: header.createdAtMs,
    backupVersion: restored.version,
    version,
    tables: summary.tables,
    replacedSchema: replaced?.keptAs ?? null,
    since,
  };
}

function assertKnownMigrations(file: string, { header }: BackupSummary): void {
  const known = migrationNames();
  const unknown = header.migrations.find((name, index) => known[index] !== name);
  if (unknown !== undefined) {
    throw new UnusableBackupError(
      file,
      `holds tables as migration ${unknown} makes them, which this build does not know: a newer version of umpire wrote it; restore it with that one`,
    );
  }
  if (header.migrations.length === 0) throw new UnusableBackupError(file, 'names no migration: it holds no tables');
}

/** Makes room: an empty store is removed, one that holds something is kept under another name, where that is allowed. */
async function putAside(client: pg.Client, { mayReplace, clock }: RestoreOptions): Promise<ReplacedStore | null> {
  const store = await describeStore(client, clock());
  if (store === null) return null;
  if (store.isEmpty) {
    await client.query(`drop schema ${SCHEMA} cascade`);
    return null;
  }
  if (!mayReplace) {
    throw new ConflictError(
      `the control store is not empty: ${store.description}. Nothing was changed. Give --replace to put the backup in its place; ` +
        'what is there now is then kept as a schema of another name',
    );
  }
  await client.query(`alter schema ${SCHEMA} rename to ${client.escapeIdentifier(store.keptAs)}`);
  return store;
}

async function newestRuleset(client: pg.Client, file: string): Promise<Ruleset> {
  const { rows } = await client.query<{ ruleset: Buffer }>(
    `select ruleset from ${SCHEMA}.rulesets order by version desc limit 1`,
  );
  const [row] = rows;
  if (row === undefined) throw new UnusableBackupError(file, 'holds no ruleset');
  return Ruleset.decode(row.ruleset);
}

/** The cause must not be hidden by a connection that is gone. */
async function rollBack(client: pg.Client, cause: unknown): Promise<void> {
  try {
    await client.query('rollback');
  } catch (error) {
    throw new AggregateError([cause, error], 'the restore failed, and so did its rollback; PostgreSQL undoes it', {
      cause,
    });
  }
}
