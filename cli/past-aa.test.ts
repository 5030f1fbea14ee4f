import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { PastAaAnalysis } from '../analyze/past/past-aa.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { makePastWarehouse, USERS } from './testing/past-warehouse.ts';
import { runUmpire } from './testing/test-platform.ts';

let folder: string;
let asked: readonly string[];
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-past-aa-'));
  const { file, metrics } = await makePastWarehouse(folder);
  asked = ['aa', '--warehouse', file, '--metrics', metrics, '--splits', '200'];
});
after(() => rm(folder, { recursive: true }));

const NUMBERS = ['--metric', 'revenue', '--metric', 'ordered', '--metric', 'order_value'];

test('umpire aa --warehouse splits the units of the past, by the documents of their metrics', async () => {
  const { out, exitCode, err } = await runUmpire([...asked, ...NUMBERS, '--json']);
  assert.equal(exitCode, 0, err);
  const { metrics, from, until, warnings } = JSON.parse(out) as PastAaAnalysis;
  assert.equal(warnings.length, 1);
  assert.deepEqual([from, until], ['2026-03-01T00:00:00.000Z', '2026-03-29T00:00:00.000Z']);
  for (const { metric, fixedHorizon, alwaysValid, unitCount, hasCovariate } of metrics) {
    assert.equal(fixedHorizon.verdict, 'holds', metric);
    assert.equal(alwaysValid.verdict, 'holds', metric);
    assert.ok(unitCount > 0.9 * USERS && unitCount <= USERS);
    assert.equal(hasCovariate, metric === 'revenue');
  }
});

test('the same seed gives the same splits, another one others', async () => {
  const run = async (seed: string): Promise<string> =>
    (await runUmpire([...asked, '--metric', 'ordered', '--seed', seed, '--json'])).out;
  assert.equal(await run('1'), await run('1'));
  assert.notEqual((await run('1')).replace('"seed": 1', ''), (await run('2')).replace('"seed": 2', ''));
});

test('the text says which units were split', async () => {
  const args = ['--metric', 'revenue', '--began-with', 'session_started', '--since', '2026-03-20T00:00:00Z'];
  const { out } = await runUmpire([...asked, ...args]);
  assert.match(
    out,
    /each user from its first event \(session_started\) between 2026-03-20T00:00:00.000Z and 2026-03-29/,
  );
  assert.match(out, /revenue: \d+ units whose window closed, with the metric before as covariate \(CUPED\)/);
  assert.match(out, /split by hash 200 times/);
});

test('what cannot be split is told', async () => {
  const refused = async (args: readonly string[], why: RegExp): Promise<void> => {
    const { err, exitCode } = await runUmpire(args);
    assert.notEqual(exitCode, 0);
    assert.match(err, why);
  };
  await refused([...asked, '--metric', 'slowest'], /a quantile has no number per unit/);
  await refused(
    [...asked, '--metric', 'revenu'],
    /--metric revenu is not among the documents \(did you mean "revenue"\?\)/,
  );
  await refused([...asked, ...NUMBERS, '--began-with', 'sesion_started'], /no user has the event sesion_started from/);
  await refused([...asked, ...NUMBERS, '--since', '2026-04-20T00:00:00Z'], /is empty; its events are from 2026-03-01/);
  await refused([...asked, ...NUMBERS, '--since', '2026-03-28T00:00:00Z'], /no unit's window of 72 hours closed/);
  await refused([...asked, ...NUMBERS, '--since', 'march'], /--since must be ISO 8601/);
  await refused([...asked, '--covariate', 'revenue_pre'], /--covariate is a column of a file/);
  await refused(asked.slice(0, 3), /--warehouse needs --metrics/);
  await refused(['aa'], /give a file, or --warehouse/);
  await refused([...asked, 'file.csv'], /either a file or --warehouse/);
  await refused(
    ['aa', 'file.csv', '--unit', 'u', '--metric', 'a:mean', '--since', '2026-03-01T00:00:00Z'],
    /--since belongs/,
  );
  await refused(
    ['aa', '--warehouse', 'none.duckdb', ...asked.slice(3)],
    /there is no file .*none\.duckdb; check its path/,
  );
  await refused(['aa', '--warehouse', 'bigquery:acme', ...asked.slice(3)], /bigquery:PROJECT\.DATASET/);
});

test('a file that is no warehouse of the platform, or one without events, is told', async () => {
  const empty = path.join(folder, 'empty.duckdb');
  await (await openDuckDb({ file: empty })).close();
  assert.match(
    (await runUmpire(['aa', '--warehouse', empty, ...asked.slice(3)])).err,
    /empty\.duckdb holds no events by which/,
  );
  const text = path.join(folder, 'text.duckdb');
  await writeFile(text, 'no database');
  assert.match((await runUmpire(['aa', '--warehouse', text, ...asked.slice(3)])).err, /cannot be read as a DuckDB/);
});
