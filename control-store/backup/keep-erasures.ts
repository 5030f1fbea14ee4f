import type { ClientBase } from 'pg';
import { SCHEMA } from '../postgres/schema.ts';
import { qualified } from './store-tables.ts';

/**
 * Whoever was erased after the backup was made stays erased: what the replaced store knows of erasures is taken over, and the links that
 * the backup brought back are deleted once more.
 */
export async function keepErasures(client: ClientBase, replacedSchema: string): Promise<void> {
  if (!(await hasErasures(client, replacedSchema))) return;
  const old = (table: string): string => qualified(client, table, replacedSchema);
  const { rows } = await client.query<{ is_same: boolean }>(
    `select (select key from ${old('erasure_key')}) = (select key from ${SCHEMA}.erasure_key) as is_same`,
  );
  // A backup of before there were erasures got a key of its own just now, which nothing is hashed with yet.
  if (rows[0]?.is_same !== true) await takeOverKey(client, old('erasure_key'));
  await client.query(
    `insert into ${SCHEMA}.erasures select * from ${old('erasures')} where finished_at is not null on conflict (erasure_id)
     do update set finished_at = excluded.finished_at, receipt = excluded.receipt`,
  );
  await client.query(
    `delete from ${SCHEMA}.erasure_subjects using ${SCHEMA}.erasures
     where erasures.erasure_id = erasure_subjects.erasure_id and finished_at is not null`,
  );
  await client.query(
    `delete from ${SCHEMA}.erased_ids using ${old('erased_ids')} newer where erased_ids.id_hash = newer.id_hash`,
  );
  await client.query(
    `insert into ${SCHEMA}.erased_ids (id_hash, erased_until) select id_hash, erased_until from ${old('erased_ids')} order by change`,
  );
  await client.query(
    `delete from ${SCHEMA}.user_hashes using ${SCHEMA}.erased_ids, ${SCHEMA}.erasure_key
     where fixed_at <= erased_until
       and id_hash in (sha256(key || convert_to(user_id, 'UTF8')), sha256(key || convert_to(device_id, 'UTF8')))`,
  );
}

async function hasErasures(client: ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query('select from pg_tables where schemaname = $1 and tablename = $2', [
    schema,
    'erased_ids',
  ]);
  return rows.length > 0;
}

async function takeOverKey(client: ClientBase, oldKey: string): Promise<void> {
  const { rows } = await client.query<{ count: string }>(`select count(*) from ${SCHEMA}.erased_ids`);
  if (rows[0]?.count !== '0') {
    throw new Error(
      'the backup and the store hash erased ids with different keys: the backup is of another control store',
    );
  }
  await client.query(`update ${SCHEMA}.erasure_key set key = (select key from ${oldKey})`);
}
