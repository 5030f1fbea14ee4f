import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import pg from 'pg';
import { startTestPostgres } from '../../tests/support/postgres.ts';
import type { PostgresServer } from '../../parts/postgres.ts';
import { actor } from '../testing/test-store.ts';
import { experimentDocuments } from '../testing/documents.ts';
import { openControlStore } from './open.ts';

let server: PostgresServer;

before(async () => {
  server = await startTestPostgres();
});
after(() => server.stop());

test('ten processes that open an empty database at once migrate it once', async () => {
  const url = await server.createDatabase('contested');
  const stores = await Promise.all(Array.from({ length: 10 }, () => openControlStore({ url })));
  const rulesets = await Promise.all(stores.map((store) => store.currentRuleset()));
  await Promise.all(stores.map((store) => store.close()));
  assert.deepEqual(
    rulesets.map((ruleset) => ruleset.version),
    Array.from({ length: 10 }, () => 1),
  );
  const { rows } = await query(url, 'select name from umpire_control.kysely_migration order by name');
  assert.deepEqual(
    rows.map(({ name }) => String(name)),
    ['0001_definitions_and_experiments', '0002_restores', '0003_erasures', '0004_causal_questions'],
  );
});

test('the schema has these tables and columns', async () => {
  const url = await server.createDatabase('described');
  await (await openControlStore({ url })).close();
  const { rows } = await query(
    url,
    `select table_name as table, string_agg(column_name, ' ' order by ordinal_position) as columns
     from information_schema.columns where table_schema = 'umpire_control' and table_name not like 'kysely%'
     group by table_name order by table_name`,
  );
  assert.deepEqual(Object.fromEntries(rows.map(({ table, columns }) => [table, columns])), {
    audit: 'id at actor action subject reason detail',
    causal_questions: 'question_id question asked_at state detail finished_at report',
    definition_versions: 'kind key version document created_by created_at',
    erased_ids: 'id_hash erased_until change',
    erasure_key: 'is_only key',
    erasure_subjects: 'erasure_id user_id device_ids',
    erasures: 'erasure_id subject_hash requested_at actor reason is_dry_run erased_until finished_at receipt',
    experiments:
      'key flag_key epoch definition_version status status_reason stage enrolled_basis_points shipped_variant started_at ' +
      'enrolled_at analysis_closed_at reserved_buckets holdback_basis_points revision',
    kills: 'kill_id target_kind target_key actor reason killed_at ruleset_version revoked_at revoked_version',
    restores: 'id restored_at actor reason backup_created_at backup_version version_floor',
    rulesets: 'version published_at ruleset delta',
    scorecards: 'experiment_key epoch computed_at document',
    steps: 'step_key request result done_at',
    user_hashes: 'user_id device_id fixed_at',
  });
});

test('opening again keeps everything', async () => {
  const url = await server.createDatabase('kept');
  const first = await openControlStore({ url });
  await first.putDefinitions(experimentDocuments('kept'), actor);
  await first.close();
  const second = await openControlStore({ url });
  assert.equal((await second.getExperiment('kept')).status, 'draft');
  await second.close();
});

test('the audit and the versions of definitions can only be added to', async () => {
  const url = await server.createDatabase('append_only');
  const store = await openControlStore({ url });
  await store.putDefinitions(experimentDocuments('written'), actor);
  const columns = { audit: 'reason', definition_versions: 'created_by' };
  for (const [table, column] of Object.entries(columns)) {
    for (const statement of [
      `update umpire_control.${table} set ${column} = 'other'`,
      `delete from umpire_control.${table}`,
      `truncate umpire_control.${table}`,
    ]) {
      await assert.rejects(query(url, statement), {
        code: '23001',
        message: new RegExp(`^${table} is append-only: (UPDATE|DELETE|TRUNCATE) is refused$`),
      });
    }
  }
  assert.equal((await store.listAudit({ limit: 10 })).length, 2);
  await store.close();
});

test('a database that cannot be reached is an error, and nothing stays open', async () => {
  await assert.rejects(openControlStore({ url: 'postgresql://umpire:wrong@127.0.0.1:1/umpire' }), {
    code: 'ECONNREFUSED',
  });
});

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
