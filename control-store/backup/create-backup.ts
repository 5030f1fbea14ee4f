import { access } from 'node:fs/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { SCHEMA } from '../postgres/schema.ts';
import { UnusableBackupError, type BackupHeader, type BackupSummary } from './archive-format.ts';
import { ArchiveWriter } from './archive-writer.ts';
import { copied, listSequences, listTables, qualified } from './store-tables.ts';

export interface BackupOptions {
  /** Connection string of the PostgreSQL database that holds the control store. */
  readonly url: string;
  /** Made by this; must not exist. */
  readonly file: string;
  /** Told again and again how much was read so far. */
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly table: string;
  /** Of all tables so far, before they were compressed. */
  readonly bytes: number;
}

/**
 * Writes every table of the control store, as they are at one moment, into one file. The store goes on meanwhile.
 *
 * @throws UnusableBackupError where the file exists; Error where the database holds no control store
 */
export async function createBackup({ url, file, onProgress }: BackupOptions): Promise<BackupSummary> {
  await refuseExisting(file);
  const client = new pg.Client({ connectionString: url, application_name: 'umpire backup', keepAlive: true });
  // A connection that breaks tells the statement that waits for it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read, read only');
    const header = await readHeader(client);
    const summary = await write(client, file, header, onProgress);
    await client.query('commit');
    return summary;
  } finally {
    await client.end();
  }
}

async function refuseExisting(file: string): Promise<void> {
  try {
    await access(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  throw new UnusableBackupError(file, 'exists already; name another file, or remove it first');
}

async function readHeader(client: pg.Client): Promise<BackupHeader> {
  const tables = await listTables(client);
  if (tables.length === 0) {
    throw new Error(`the database has no schema ${SCHEMA}; name the one that holds the control store (DATABASE_URL)`);
  }
  // Nobody changes the tables themselves until the last one is read.
  await client.query(`lock table ${tables.map(({ name }) => qualified(client, name)).join(', ')} in access share mode`);
  const { rows: migrations } = await client.query<{ name: string }>(
    `select name from ${qualified(client, 'kysely_migration')} order by name`,
  );
  const { rows } = await client.query<{ at: number; version: number | null }>(
    `select (extract(epoch from now()) * 1000)::float8 as at, max(version) as version
     from ${qualified(client, 'rulesets')}`,
  );
  const [state] = rows;
  if (state === undefined || state.version === null)
    throw new Error(`${SCHEMA}.rulesets is empty: no ruleset to back up`);
  return {
    createdAtMs: Math.floor(state.at),
    migrations: migrations.map(({ name }) => name),
    rulesetVersion: state.version,
    tables,
    // After the snapshot was taken, so that no row of it has a number that a sequence does not know.
    sequences: await listSequences(client),
  };
}

async function write(
  client: pg.Client,
  file: string,
  header: BackupHeader,
  onProgress: BackupOptions['onProgress'],
): Promise<BackupSummary> {
  const writer = await ArchiveWriter.begin(file, header);
  let bytes = 0;
  try {
    for (const table of header.tables) {
      const rows = client.query(copyTo(`copy ${copied(client, table)} to stdout`));
      await writer.table(
        table,
        rows,
        () => rows.rowCount,
        (more) => {
          bytes += more;
          onProgress?.({ table: table.name, bytes });
        },
      );
    }
    return await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}
