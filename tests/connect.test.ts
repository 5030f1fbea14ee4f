import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { runUmpire, type Ran } from '../cli/testing/test-platform.ts';
import { parseWarehouseSource } from '../definitions/parse-warehouse-source.ts';
import { repositoryFile } from '../parts/repository-root.ts';

const FOLDER = repositoryFile('examples/existing-warehouse');
const SHOP = path.join(FOLDER, 'shop.yaml');
const page = await readFile(repositoryFile('docs/connect.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}));

/** A command of the page, from the root of the repository. */
async function run(line: string): Promise<Ran> {
  const args = line
    .trim()
    .replace(/^npx umpire /, '')
    .split(' ');
  return await runUmpire(args.map((arg) => (arg.endsWith('.yaml') ? repositoryFile(arg) : arg)));
}

test('every command of docs/connect.md does what the page shows', async () => {
  let shown = 0;
  for (const [index, { language, text }] of blocks.entries()) {
    if (language !== 'sh') continue;
    const { out, err } = await run(text);
    assert.equal(err, '');
    const next = blocks[index + 1];
    assert.equal(next?.language, '', `what does "${text.trim()}" show?`);
    for (const line of next.text.split('\n').filter((each) => each !== '' && each !== '…')) {
      assert.ok(out.includes(line), `"${line}" is not what it prints:\n${out}`);
      shown += 1;
    }
  }
  assert.ok(shown > 8);
});

test('every document of docs/connect.md can be read', () => {
  const documents = blocks.filter(({ language }) => language === 'yaml');
  assert.equal(documents.length, 2);
  const [product, everyType] = documents.map(({ text }) => parseWarehouseSource(text, 'connect.md').source);
  assert.ok((product?.experiments.length ?? 0) > 0);
  assert.ok(new Set(everyType?.metrics.map(({ type }) => type)).size > 5);
});

test('exit codes and JSON: 0 for an answer, 1 for one that is bad news, 2 for wrong usage', async () => {
  const ship = await runUmpire(['connect', SHOP, '--scorecard', 'new_checkout', '--json']);
  const { verdict, findings } = JSON.parse(ship.out) as { verdict: string; findings: unknown[] };
  assert.deepEqual([ship.exitCode, verdict, findings], [0, 'ship', []]);
  const invalid = await runUmpire(['connect', SHOP, '--scorecard', 'new_banner', '--json']);
  assert.equal(invalid.exitCode, 1);
  const { verdict: none, readouts } = JSON.parse(invalid.out) as { verdict: string; readouts: unknown[] };
  assert.deepEqual([none, readouts], ['invalid', []]);
  assert.equal((await runUmpire(['connect', SHOP, '--as-of', 'yesterday'])).exitCode, 2);
  const unknown = await runUmpire(['connect', SHOP, '--scorecard', 'new_chekout']);
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.err, /did you mean "new_checkout"/);
});

test('what was known earlier is asked by --as-of', async () => {
  const { out } = await runUmpire(['connect', SHOP, '--scorecard', 'new_checkout', '--as-of', '2026-03-12T00:00:00Z']);
  assert.match(out, /^new_checkout, epoch 1, 2026-03-12T00:00:00.000Z/);
  assert.match(out, /\d+ units whose ordered window is still open/);
});

test('every problem of a document is told at once, with its place', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'connect-docs-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'wrong.yaml');
  const shop = await readFile(SHOP, 'utf8');
  await writeFile(
    file,
    shop.replace('primary: ordered', 'primary: orderd').replace('engine: parquet', 'engine: parket'),
  );
  const { exitCode, err } = await runUmpire(['connect', file]);
  assert.equal(exitCode, 1);
  assert.match(err, /wrong\.yaml:\d+:\d+\): needs an engine; write one of "duckdb", "parquet", "bigquery"/);
  await writeFile(
    file,
    shop.replace('primary: ordered', 'primary: orderd').replace('type: sum, value: amount_inr', 'type: sum'),
  );
  const told = await runUmpire(['connect', file]);
  assert.match(told.err, /metrics\[1\]\.value \(.*wrong\.yaml:\d+:\d+\): is missing; a sum names the numeric column/);
  await writeFile(file, shop);
  assert.match((await runUmpire(['connect', file])).err, /connection\.tables\.exposures: no file matches .*exposures/);
});

test('the Parquet files of the example are what its SQL makes', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'shop-'));
  t.after(() => rm(folder, { recursive: true }));
  const script = fileURLToPath(new URL('../examples/existing-warehouse/make-shop-main', import.meta.url));
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  await promisify(execFile)(process.execPath, [...process.execArgv, `${script}${extension}`, folder]);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const table of ['exposures', 'orders']) {
    const [kept, made] = [FOLDER, folder].map((each) => `SELECT * FROM '${each}/${table}.parquet'`);
    const reader = await connection.runAndReadAll(
      `SELECT COUNT(*) FROM ((${kept} EXCEPT ALL ${made}) UNION ALL (${made} EXCEPT ALL ${kept}))`,
    );
    assert.equal(Number(reader.getRows()[0]?.[0]), 0, table);
  }
  connection.closeSync();
  instance.closeSync();
});
