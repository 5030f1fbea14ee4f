import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { SCHEMA } from '../postgres/schema.ts';
import { UnusableBackupError, type BackupSequence, type BackupSummary, type BackupTable } from './archive-format.ts';
import { readArchive } from './archive-reader.ts';
import { copied, listTables, qualified } from './store-tables.ts';

export interface RowsProgress {
  readonly table: string;
  readonly bytes: number;
}

/**
 * Puts a checked backup's rows into the tables of the schema, which are as the migrations left them.
 * @throws UnusableBackupError where the tables do not fit, or the file is no longer the one that was checked
 */
export async function restoreRows(
  client: ClientBase,
  file: string,
  { header, sha256 }: BackupSummary,
  onProgress: (progress: RowsProgress) => void,
): Promise<void> {
  await assertSameTables(client, file, header.tables);
  // What a migration put there is in the backup too.
  for (const { name } of header.tables) {
    const { rows } = await client.query(`select from ${qualified(client, name)} limit 1`);
    if (rows.length > 0) await client.query(`delete from ${qualified(client, name)}`);
  }
  await copyIn(client, file, sha256, onProgress);
  for (const sequence of header.sequences) await setSequence(client, sequence);
}

async function assertSameTables(client: ClientBase, file: string, tables: readonly BackupTable[]): Promise<void> {
  const existing = new Map((await listTables(client)).map(({ name, columns }) => [name, columns.toSorted().join()]));
  for (const { name, columns } of tables) {
    if (existing.get(name) === columns.toSorted().join()) continue;
    throw new UnusableBackupError(file, `has a table ${name} (${columns.join(', ')}) that its migrations do not make`);
  }
}

async function copyIn(
  client: ClientBase,
  file: string,
  sha256: string,
  onProgress: (progress: RowsProgress) => void,
): Promise<void> {
  let table = '';
  let bytes = 0;
  let copy: ReturnType<typeof copyFrom> | undefined;
  for await (const part of readArchive(file)) {
    if (part.kind === 'table') {
      table = part.table.name;
      copy = client.query(copyFrom(`copy ${copied(client, part.table)} from stdin`));
    } else if (part.kind === 'rows' && copy !== undefined) {
      await writeTo(copy, part.rows);
      bytes += part.rows.length;
      onProgress({ table, bytes });
    } else if (part.kind === 'table-end' && copy !== undefined) {
      copy.end();
      await finished(copy);
      if (copy.rowCount !== part.count.rows) {
        throw new Error(`${SCHEMA}.${table} took ${copy.rowCount} rows of ${part.count.rows}`);
      }
    } else if (part.kind === 'end' && part.sha256 !== sha256) {
      throw new UnusableBackupError(file, 'was changed while it was restored; nothing was kept of it');
    }
  }
}

async function writeTo(copy: ReturnType<typeof copyFrom>, rows: Buffer): Promise<void> {
  if (!copy.write(rows)) await once(copy, 'drain');
}

/** Never below the numbers that the rows have. */
async function setSequence(client: ClientBase, { table, column, lastValue, isCalled }: BackupSequence): Promise<void> {
  await client.query(
    `select setval(pg_get_serial_sequence($1, $2), greatest($3::bigint, coalesce(max(${client.escapeIdentifier(column)}), 1)), $4 or count(*) > 0)
     from ${qualified(client, table)}`,
    [qualified(client, table), column, lastValue, isCalled],
  );
}
