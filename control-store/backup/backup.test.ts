import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import pg from 'pg';
import { example, experimentDocuments } from '../testing/documents.ts';
import { actor, startTestStore, type TestStore } from '../testing/test-store.ts';
import { migrationNames } from '../postgres/migrations.ts';
import { createBackup } from './create-backup.ts';
import { checkArchive } from './archive-reader.ts';
import { UnusableBackupError } from './archive-format.ts';
import { restoreBackup, type RestoreOptions, type RestoreReport } from './restore-backup.ts';
import { LEFT_OUT, listTables } from './store-tables.ts';

let bench: TestStore;
let client: pg.Client;
let folder: string;
let files = 0;

before(async () => {
  bench = await startTestStore();
  client = new pg.Client(bench.server.url);
  await client.connect();
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-backup-'));
  await bench.put([...(await example('upi_retry.yaml')), ...experimentDocuments('shop')]);
  await bench.run('upi_retry');
  await bench.run('shop');
  await bench.store.linkIdentity('user \t1\n', 'device \\N');
  await bench.store.markUsersExposed(['மெகா', 'user 2']);
  await bench.store.saveScorecard(scorecard());
});
after(async () => {
  await client.end();
  await bench.stop();
  await rm(folder, { recursive: true, force: true });
});

const newFile = (): string => path.join(folder, `${++files}.backup`);

async function backup(): Promise<string> {
  const file = newFile();
  await createBackup({ url: bench.server.url, file });
  return file;
}

async function restore(file: string, options: Partial<RestoreOptions> = {}): Promise<RestoreReport> {
  const clock = Date.now;
  return await restoreBackup({ url: bench.server.url, file, actor, mayReplace: false, known: [], clock, ...options });
}

/** Every row of every table, as text. */
async function contents(schema = 'umpire_control'): Promise<Record<string, readonly string[]>> {
  const rows: Record<string, readonly string[]> = {};
  for (const { name } of await listTables(client, schema)) {
    const result = await client.query<{ row: string }>(`select t::text as row from ${schema}."${name}" t order by 1`);
    rows[name] = result.rows.map(({ row }) => row);
  }
  return rows;
}

test('every table of the store is backed up, or named with the reason why not', async () => {
  const { rows } = await client.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'umpire_control' order by 1`,
  );
  const { header, tables } = await checkArchive(await backup());
  const covered = [...tables.map(({ name }) => name), ...Object.keys(LEFT_OUT)];
  assert.deepEqual(
    rows.map(({ name }) => name).filter((name) => !covered.includes(name)),
    [],
  );
  assert.deepEqual(
    header.sequences.map(({ table, column }) => `${table}.${column}`),
    ['audit.id', 'erased_ids.change', 'restores.id'],
  );
  const { rows: columns } = await client.query<{ name: string; columns: string[] }>(
    `select table_name as name, array_agg(column_name::text order by column_name) as columns
     from information_schema.columns where table_schema = 'umpire_control' group by 1`,
  );
  for (const { name, columns: backedUp } of header.tables) {
    assert.deepEqual(backedUp.toSorted(), columns.find((table) => table.name === name)?.columns, name);
  }
});

test('a table that is added later is backed up without a change here', async () => {
  await client.query('create table umpire_control.added (id serial primary key, note text)');
  await client.query(`insert into umpire_control.added (note) values ('one')`);
  try {
    const { tables, header } = await checkArchive(await backup());
    assert.deepEqual(
      tables.find(({ name }) => name === 'added'),
      { name: 'added', rows: 1 },
    );
    assert.ok(header.sequences.some(({ table }) => table === 'added'));
  } finally {
    await client.query('drop table umpire_control.added');
  }
});

test('what is dropped comes back row by row; the ruleset is the same byte by byte and goes on under the next version', async () => {
  const file = await backup();
  const [before, ruleset, bytes] = [await contents(), await bench.store.currentRuleset(), await rulesetBytes()];
  await client.query('drop schema umpire_control cascade');
  const report = await restore(file, { known: [{ source: 'a server', ruleset }] });
  assert.equal(report.version, ruleset.version);
  const { audit = [], restores = [], ...rest } = await contents();
  const { audit: auditBefore = [], restores: _none, ...restBefore } = before;
  assert.deepEqual(rest, restBefore);
  assert.deepEqual(
    audit.filter((row) => !row.includes('store.restored')),
    auditBefore,
  );
  assert.equal(restores.length, 1);
  assert.deepEqual(await rulesetBytes(), bytes);
  await bench.move('shop', { to: 'paused' });
  const { experiments } = await bench.store.currentRuleset();
  assert.equal(experiments.length, ruleset.experiments.length);
  await bench.move('shop', { to: 'resumed' });
  const [newest] = await bench.store.listAudit({ limit: 1 });
  assert.equal(newest?.action, 'experiment.resumed');
  await assert.rejects(client.query('update umpire_control.audit set actor = null'), /append-only/);
});

test('a store that holds something is kept unless it may be replaced, and then it is kept under another name', async () => {
  const file = await backup();
  const { version } = await bench.store.currentRuleset();
  const before = await contents();
  await assert.rejects(restore(file), /not empty: ruleset \d+, .*--replace/);
  assert.deepEqual(await contents(), before);
  const { killId } = await bench.kill('experiment', 'shop');
  const { killId: revoked } = await bench.kill('flag', 'upi_retry');
  await bench.store.revokeKill(revoked, actor);
  const newest = await bench.store.currentRuleset();
  const atReplacement = await contents();
  const report = await restore(file, { mayReplace: true });
  assert.deepEqual(
    report.since.newerKills.map((kill) => kill.killId),
    [killId],
  );
  assert.equal(report.since.newest?.version, newest.version);
  assert.equal(report.version, newest.version + 1);
  assert.equal(report.backupVersion, version);
  const restored = await bench.store.currentRuleset();
  assert.equal(restored.version, newest.version + 1);
  assert.deepEqual(
    restored.kills.map((kill) => kill.killId),
    [killId],
    'a kill of after the backup stays in force',
  );
  assert.deepEqual(restored.experiments, newest.experiments);
  assert.equal((await bench.store.getExperiment('shop')).isKilled, true);
  assert.notEqual((await bench.store.getExperiment('shop')).analysisClosedAtMs, null);
  assert.deepEqual(await contents(report.replacedSchema ?? ''), atReplacement);
  assert.equal(await bench.store.revokeKill(killId, actor), newest.version + 2);
});

test('where nobody knows what came after the backup, no version is ever used twice', async () => {
  const file = await backup();
  const { version } = await bench.store.currentRuleset();
  await bench.kill('experiment', 'upi_retry');
  await client.query('drop schema umpire_control cascade');
  const report = await restore(file);
  assert.deepEqual([report.version, report.since.newest], [version, null]);
  await bench.kill('experiment', 'upi_retry');
  const next = await bench.store.currentRuleset();
  assert.equal(next.version, version + 1_000_001);
  assert.equal(next.kills.length, 1);
});

test('a kill of after the backup that only an SDK knows is kept; one ended since is told', async () => {
  const { killId: endedLater } = await bench.kill('experiment', 'shop');
  const file = await backup();
  await bench.store.revokeKill(endedLater, actor);
  const { killId } = await bench.kill('flag', 'upi_retry');
  const held = await bench.store.currentRuleset();
  await client.query('drop schema umpire_control cascade');
  const { since, version } = await restore(file, { known: [{ source: 'a file', ruleset: held }] });
  assert.deepEqual(
    since.newerKills.map((kill) => kill.killId),
    [killId],
  );
  assert.deepEqual(
    since.revokedKills.map((kill) => kill.killId),
    [endedLater],
  );
  assert.equal(version, held.version + 1);
  const { kills } = await bench.store.currentRuleset();
  assert.ok(kills.some((kill) => kill.killId === killId) && kills.some((kill) => kill.killId === endedLater));
});

test("another platform's ruleset is refused, and nothing is changed", async () => {
  const file = await backup();
  const before = await contents();
  const ruleset = { ...(await bench.store.currentRuleset()), flags: [], version: 2_000_000 };
  const known = [{ source: 'the server x:1', ruleset }];
  await assert.rejects(restore(file, { mayReplace: true, known }), /the server x:1 holds ruleset 2000000 of another/);
  assert.deepEqual(await contents(), before);
});

test('a torn, damaged, edited or newer file is refused with a sentence before anything is touched', async () => {
  const file = await backup();
  const whole = await readFile(file);
  const before = await contents();
  const refused = async (bytes: Buffer, problem: RegExp): Promise<void> => {
    const changed = newFile();
    await writeFile(changed, bytes);
    await assert.rejects(restore(changed, { mayReplace: true }), (error: Error) => {
      assert.ok(error instanceof UnusableBackupError, String(error));
      assert.match(error.message, problem);
      return true;
    });
  };
  for (const length of [0, 5, 12, 40, whole.length >> 1, whole.length - 1]) {
    await refused(whole.subarray(0, length), /ends in the middle|is no backup/);
  }
  for (let place = 12; place < whole.length; place += Math.ceil(whole.length / 60)) {
    const changed = Buffer.from(whole);
    changed[place] = (changed[place] ?? 0) ^ 1;
    await refused(changed, /damaged or edited|ends in the middle/);
  }
  await refused(Buffer.concat([whole, Buffer.from([0])]), /damaged or edited/);
  const newer = Buffer.from(whole);
  newer.writeUInt32BE(2, 8);
  await refused(newer, /has format 2, and this build reads up to 1/);
  await refused(Buffer.from('definitely not a backup'), /is no backup of a control store/);
  assert.deepEqual(await contents(), before);
});

test('a backup of a newer schema is refused', async () => {
  await client.query(`insert into umpire_control.kysely_migration values ('9999_future', 'now')`);
  const file = await backup();
  await client.query(`delete from umpire_control.kysely_migration where name = '9999_future'`);
  await assert.rejects(
    restore(file, { mayReplace: true }),
    /9999_future makes them, which this build does not know: a newer/,
  );
});

test('a backup of an older schema is brought up to date', async () => {
  const url = await bench.server.createDatabase('older');
  const older = new pg.Client(url);
  await older.connect();
  const { openControlStore } = await import('../postgres/open.ts');
  await (await openControlStore({ url })).close();
  await older.query('drop table umpire_control.restores, umpire_control.erasure_subjects');
  await older.query(`delete from umpire_control.kysely_migration where name <> $1`, [migrationNames()[0]]);
  for (const { name } of await listTables(older)) {
    if (/^(eras|causal)/.test(name)) await older.query(`drop table umpire_control."${name}"`);
  }
  const file = newFile();
  await createBackup({ url, file });
  await older.query('drop schema umpire_control cascade');
  await restore(file, { url });
  assert.equal((await listTables(older)).length, (await listTables(client)).length);
  await older.end();
});

test('a backup is of one moment, while the store goes on, and is never written over', async () => {
  const file = newFile();
  let isWriting = true;
  const writing = (async () => {
    for (let i = 0; isWriting; i += 1) await bench.put(experimentDocuments(`busy_${i}`));
  })();
  const url = await bench.server.createDatabase('moment');
  await createBackup({ url: bench.server.url, file });
  isWriting = false;
  await writing;
  await restore(file, { url });
  const other = new pg.Client(url);
  await other.connect();
  // Each is written in the transaction of the others.
  const { rows } = await other.query<{ definitions: string; audits: string; drafts: string }>(
    `select (select count(*) from umpire_control.definition_versions) as definitions,
       (select count(*) from umpire_control.audit where action = 'definition.put') as audits,
       (select count(*) from umpire_control.experiments) as drafts`,
  );
  await other.end();
  assert.equal(rows[0]?.definitions, rows[0]?.audits);
  assert.equal(Number(rows[0]?.drafts), (await experimentsIn(file)) ?? -1);
  await assert.rejects(createBackup({ url: bench.server.url, file }), /exists already/);
});

async function experimentsIn(file: string): Promise<number | undefined> {
  return (await checkArchive(file)).tables.find(({ name }) => name === 'experiments')?.rows;
}

async function rulesetBytes(): Promise<Buffer | undefined> {
  const { rows } = await client.query<{ ruleset: Buffer }>(
    'select ruleset from umpire_control.rulesets order by version desc limit 1',
  );
  return rows[0]?.ruleset;
}

function scorecard(): Parameters<TestStore['store']['saveScorecard']>[0] {
  const { computedAtMs, experimentKey, epoch } = { computedAtMs: 1_000, experimentKey: 'shop', epoch: 1 };
  return JSON.parse(JSON.stringify({ computedAtMs, experimentKey, epoch })) as Parameters<
    TestStore['store']['saveScorecard']
  >[0];
}
