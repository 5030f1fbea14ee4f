import type { ClientBase } from 'pg';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { SCHEMA } from '../postgres/schema.ts';
import type { KnownRuleset } from './newest-known.ts';
import { listTables, qualified } from './store-tables.ts';

/** The store that is there before a restore. Nobody else reads or writes it from now until the transaction ends. */
export interface ReplacedStore {
  /** As the migrations left it: nobody ever stored anything. */
  readonly isEmpty: boolean;
  /** What is in it, for the person who has to decide. */
  readonly description: string;
  /** The name of the schema under which it would be kept. */
  readonly keptAs: string;
  readonly known: KnownRuleset;
}

/** Null where there is none. */
export async function describeStore(client: ClientBase, nowMs: number): Promise<ReplacedStore | null> {
  const tables = await listTables(client);
  if (tables.length === 0) {
    await dropLeftover(client);
    return null;
  }
  const names = tables.map(({ name }) => qualified(client, name));
  // Whoever waits for these finds the restored tables: PostgreSQL looks a name up again once it has its lock.
  await client.query(`lock table ${names.join(', ')} in access exclusive mode`);
  const held: string[] = [];
  for (const { name } of tables.filter((table) => table.name !== 'rulesets')) {
    const { rows } = await client.query<{ count: string }>(`select count(*) from ${qualified(client, name)}`);
    const count = Number(rows[0]?.count ?? 0);
    if (count > 0) held.push(`${count} in ${name}`);
  }
  const { rows } = await client.query<{ ruleset: Buffer }>(
    `select ruleset from ${qualified(client, 'rulesets')} order by version desc limit 1`,
  );
  const ruleset = rows[0] === undefined ? Ruleset.fromPartial({}) : Ruleset.decode(rows[0].ruleset);
  return {
    isEmpty: held.length === 0 && ruleset.version <= 1,
    description: `ruleset ${ruleset.version}, ${held.join(', ')}`,
    keptAs: `${SCHEMA}_replaced_${stamp(nowMs)}`,
    known: { source: 'the store that was replaced', ruleset },
  };
}

/** A schema without tables of ours, as a broken-off start leaves it, holds nothing. */
async function dropLeftover(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ others: string }>(
    `select string_agg(relname, ', ') as others from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relkind in ('r', 'p', 'v', 'm') and relname not in ('kysely_migration', 'kysely_migration_lock')`,
    [SCHEMA],
  );
  const others = rows[0]?.others;
  if (others !== null && others !== undefined)
    throw new Error(`the schema ${SCHEMA} holds what is not ours: ${others}`);
  await client.query(`drop schema if exists ${SCHEMA} cascade`);
}

/** As a part of a name: 20261123_174500_123. */
function stamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:Z]/g, '').replaceAll(/[T.]/g, '_');
}
