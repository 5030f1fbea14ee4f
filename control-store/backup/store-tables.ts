import type { ClientBase } from 'pg';
import { SCHEMA } from '../postgres/schema.ts';
import type { BackupSequence, BackupTable } from './archive-format.ts';

/** Tables of the store's schema that a backup leaves out, and why. Everything else in the schema is backed up. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  kysely_migration: 'which migrations ran is in the header; restoring runs them again, with the times of that run',
  kysely_migration_lock: 'only says whether a migration is running now',
};

/** Every table of the store, as the database has it: a table that is added later is found without a change here. */
export async function listTables(client: ClientBase, schema: string = SCHEMA): Promise<BackupTable[]> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `select relname as name, array_agg(attname::text order by attnum) as columns
     from pg_class
     join pg_namespace on pg_namespace.oid = relnamespace
     join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = ''
     where nspname = $1 and relkind in ('r', 'p') and not relispartition
     group by relname order by relname`,
    [schema],
  );
  return rows.filter(({ name }) => LEFT_OUT[name] === undefined);
}

/** The sequences behind the columns of the store's tables. */
export async function listSequences(client: ClientBase): Promise<BackupSequence[]> {
  const { rows } = await client.query<{ table: string; column: string; sequence: string }>(
    `select owner.relname as table, attname as column, format('%I.%I', nspname, sequence.relname) as sequence
     from pg_class sequence
     join pg_depend on objid = sequence.oid and classid = 'pg_class'::regclass and deptype in ('a', 'i')
     join pg_class owner on owner.oid = refobjid and refclassid = 'pg_class'::regclass
     join pg_attribute on attrelid = owner.oid and attnum = refobjsubid
     join pg_namespace on pg_namespace.oid = sequence.relnamespace
     where sequence.relkind = 'S' and nspname = $1 order by 1, 2`,
    [SCHEMA],
  );
  const sequences: BackupSequence[] = [];
  for (const { table, column, sequence } of rows) {
    const { rows: values } = await client.query<{ last_value: string; is_called: boolean }>(
      `select last_value::text, is_called from ${sequence}`,
    );
    const [value] = values;
    if (value === undefined) throw new Error(`the sequence ${sequence} has no value`);
    sequences.push({ table, column, lastValue: value.last_value, isCalled: value.is_called });
  }
  return sequences;
}

/** A table of the store as SQL names it. */
export function qualified(client: ClientBase, table: string, schema: string = SCHEMA): string {
  return `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`;
}

/** A table with its columns, as COPY names them. */
export function copied(client: ClientBase, { name, columns }: BackupTable): string {
  return `${qualified(client, name)} (${columns.map((column) => client.escapeIdentifier(column)).join(', ')})`;
}
