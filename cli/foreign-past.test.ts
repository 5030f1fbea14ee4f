import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { PastAaAnalysis } from '../analyze/past/past-aa.ts';
import type { Plan } from '../analyze/plan/plan.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { makePastWarehouse } from './testing/past-warehouse.ts';
import { runUmpire } from './testing/test-platform.ts';

const DOCUMENT = `
kind: warehouse_source
key: own_events
owner: growth
connection: { engine: duckdb, file: warehouse.duckdb }
assignments:
  - { key: none, sql: "SELECT '' AS unit_id, '' AS experiment_key, '' AS variant, CAST(NULL AS TIMESTAMP) AS exposed_at" }
facts:
  - key: sessions
    sql: SELECT user_id AS unit_id, occurred_at FROM raw_events WHERE event_type = 'session_started'
  - key: orders
    sql: |
      SELECT event_id, user_id AS unit_id, occurred_at, CAST(properties->>'amount' AS DOUBLE) AS amount
      FROM raw_events WHERE event_type = 'order_paid' AND occurred_at BETWEEN $from_time AND $to_time
    columns: { id: event_id }
metrics:
  - { key: revenue, facts: orders, type: sum, value: amount, window: 3d, covariate: 14d, goodDirection: increase }
  - { key: ordered, facts: orders, type: proportion, window: 3d, goodDirection: increase }
  - { key: order_value, facts: orders, type: mean, value: amount, window: 3d, goodDirection: increase }
`;

let folder: string;
let own: readonly string[];
let foreign: readonly string[];
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-foreign-past-'));
  const { file, metrics } = await makePastWarehouse(folder);
  const document = path.join(folder, 'own.yaml');
  await writeFile(document, DOCUMENT);
  own = [
    '--warehouse',
    file,
    '--metrics',
    metrics,
    '--began-with',
    'session_started',
    '--until',
    '2026-03-29T00:00:00Z',
  ];
  foreign = ['--warehouse', document, '--began-with', 'sessions', '--until', '2026-03-29T00:00:00Z'];
});
after(() => rm(folder, { recursive: true }));

async function answer<T>(...args: string[]): Promise<T> {
  const { out, err, exitCode } = await runUmpire([...args, '--json']);
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as T;
}

test('our own events, read as a foreign warehouse, give the same A/A', async () => {
  const keys = ['revenue', 'ordered', 'order_value'].flatMap((key) => ['--metric', key]);
  const asked = ['aa', '--splits', '50', ...keys];
  const expected = await answer<PastAaAnalysis>(...asked, ...own);
  const found = await answer<PastAaAnalysis>(...asked, ...foreign);
  assert.deepEqual(found.metrics, expected.metrics);
  assert.deepEqual(found.from, expected.from);
});

test('and the same plan', async () => {
  for (const key of ['revenue', 'ordered', 'order_value']) {
    const asked = ['plan', '--metric', key, '--mde', '10%', '--since', '2026-03-15T00:00:00Z'];
    const expected = await answer<Plan>(...asked, ...own);
    const found = await answer<Plan>(...asked, ...foreign);
    assert.ok(Math.abs(found.baseline.mean - expected.baseline.mean) < 1e-9);
    assert.deepEqual([found.needed, found.arrivals], [expected.needed, expected.arrivals]);
    assert.ok(Math.abs(found.varianceRemovedRatio - expected.varianceRemovedRatio) < 1e-9);
  }
});

test('units enter by what they were assigned, or by what is named; a metric of those who did it is warned of', async () => {
  // The assignment query of this document has no row.
  const { err } = await runUmpire(['plan', ...foreign.slice(0, 2), '--metric', 'ordered']);
  assert.match(err, /holds no events by which units enter/);
  const plan = await answer<Plan>('plan', ...foreign.slice(0, 2), '--metric', 'revenue', '--began-with', 'orders');
  assert.match(plan.warnings[0] ?? '', /metric revenue: units enter with what it counts/);
  const shop = repositoryFile('examples/existing-warehouse/shop.yaml');
  const ofShop = await answer<Plan>('plan', '--warehouse', shop, '--metric', 'ordered', '--mde', '5%');
  assert.ok(ofShop.baseline.mean > 0.25 && ofShop.baseline.mean < 0.4, `${ofShop.baseline.mean}`);
  assert.deepEqual(ofShop.warnings, []);
});

test('what a document cannot give is told', async () => {
  const refused = async (args: readonly string[], why: RegExp): Promise<void> => {
    const { err, exitCode } = await runUmpire(args);
    assert.notEqual(exitCode, 0);
    assert.match(err, why);
  };
  const aa = ['aa', ...foreign];
  await refused(
    [...aa, '--metric', 'revenu'],
    /there is no metric "revenu" in .*own\.yaml \(did you mean "revenue"\?\)/,
  );
  await refused([...aa, '--began-with', 'session'], /there is no query "session" .*did you mean "sessions"/);
  await refused([...aa, '--metrics', 'm.yaml'], /--metrics does not go with/);
  await refused([...aa, '--unit', 'user'], /--unit does not go with/);
  const broken = path.join(folder, 'broken.yaml');
  await writeFile(broken, DOCUMENT.replace('AS amount', 'AS amont'));
  await refused(
    ['aa', '--warehouse', broken, '--metric', 'revenue'],
    /the SQL has no column "amount" \(did you mean "amont"\?\)/,
  );
  const switchback = ['--design', 'switchback', '--region', 'city', '--mde', '5%', '--metric', 'revenue'];
  await refused(['plan', ...foreign.slice(0, 2), ...switchback], /reads a file, or the events of the platform/);
});
