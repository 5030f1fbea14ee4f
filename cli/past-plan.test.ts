import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Plan } from '../analyze/plan/plan.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { DAYS, makePastWarehouse } from './testing/past-warehouse.ts';
import { runUmpire } from './testing/test-platform.ts';

let folder: string;
let file: string;
let asked: readonly string[];
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-past-plan-'));
  const made = await makePastWarehouse(folder);
  file = made.file;
  asked = ['plan', '--warehouse', made.file, '--metrics', made.metrics];
});
after(() => rm(folder, { recursive: true }));

async function planOf(metric: string, ...args: string[]): Promise<Plan> {
  const { out, err, exitCode } = await runUmpire([...asked, '--metric', metric, ...args, '--json']);
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as Plan;
}

/** The same by a query that shares nothing with the platform's. */
async function byHand(): Promise<Record<string, number>> {
  const warehouse = await openDuckDb({ file, queryConnections: 1 });
  try {
    const [row] = await warehouse.query<Record<string, number>>({
      sql: `
WITH mine AS (SELECT * FROM raw_events WHERE occurred_at < TIMESTAMP '2026-03-29'),
began AS (SELECT user_id, MIN(occurred_at) AS started FROM mine GROUP BY user_id),
per_user AS (
  SELECT
    began.user_id,
    SUM(CASE WHEN event_type = 'order_paid' AND occurred_at < started + INTERVAL 3 DAY THEN (properties->>'amount')::DOUBLE ELSE 0 END) AS revenue,
    MAX(CASE WHEN event_type = 'order_paid' AND occurred_at < started + INTERVAL 3 DAY THEN 1 ELSE 0 END) AS ordered
  FROM began JOIN mine USING (user_id)
  WHERE started + INTERVAL 3 DAY <= TIMESTAMP '2026-03-29'
  GROUP BY began.user_id
)
SELECT AVG(revenue) AS mean, stddev_samp(revenue) AS sd, AVG(ordered) AS rate, COUNT(*) AS units,
  (SELECT COUNT(*) FROM began WHERE started < TIMESTAMP '2026-03-03') AS first_two_days
FROM per_user`,
      parameters: {},
    });
    return row ?? {};
  } finally {
    await warehouse.close();
  }
}

test('umpire plan --warehouse knows the past as a query by hand does', async () => {
  const expected = await byHand();
  const revenue = await planOf('revenue', '--mde', '10%', '--stopping', 'fixed');
  assert.ok(Math.abs(revenue.baseline.mean / (expected['mean'] ?? NaN) - 1) < 1e-12);
  assert.ok(Math.abs(revenue.baseline.standardDeviation / (expected['sd'] ?? NaN) - 1) < 1e-9);
  assert.match(
    revenue.baseline.source,
    new RegExp(`revenue of ${expected['units']} users in .* 2026-03-01 to 2026-03-29`),
  );
  const ordered = await planOf('ordered', '--mde', '10%');
  assert.ok(Math.abs(ordered.baseline.mean - (expected['rate'] ?? NaN)) < 1e-12);
  assert.equal(revenue.arrivals?.unitsByDay.length, DAYS);
  assert.equal(revenue.arrivals.unitsByDay[1], expected['first_two_days']);
});

test('days are until units have come as they came, and their windows closed', async () => {
  const { arrivals, needed, neededByStopping, detectable } = await planOf(
    'ordered',
    '--mde',
    '20%',
    '--stopping',
    'fixed',
  );
  const day = (arrivals?.unitsByDay ?? []).findIndex((units) => units >= (needed?.units ?? Infinity));
  assert.ok(day > 0);
  assert.equal(needed?.days, day + 1 + 3);
  assert.ok(neededByStopping.every(({ days }) => days !== null));
  // After a week, those who came until three days before.
  assert.equal(detectable[0]?.units, arrivals?.unitsByDay[3]);
  const { out } = await runUmpire([...asked, '--metric', 'ordered', '--mde', '20%']);
  assert.match(
    out,
    /units came: [\d,]+ by day 1, .* by day 28, at last .* new ones a day; each counts 3 days after it came/,
  );
});

test('metrics that are no number per unit can be planned, too', async () => {
  assert.ok((await planOf('order_value')).baseline.standardDeviation > 0);
  assert.ok((await planOf('slowest')).baseline.mean > (await planOf('order_value')).baseline.mean);
});

test('what the metric was before removes variance where the past is long enough', async () => {
  const late = await planOf('revenue', '--since', '2026-03-15T00:00:00Z', '--mde', '10%');
  assert.ok(late.varianceRemovedRatio > 0.02 && late.varianceRemovedRatio < 0.9);
  const without = await planOf('revenue', '--since', '2026-03-15T00:00:00Z', '--mde', '10%', '--variance-removed', '0');
  const saved = 1 - (late.needed?.units ?? NaN) / (without.needed?.units ?? NaN);
  assert.ok(Math.abs(saved - late.varianceRemovedRatio) < 0.1);
  assert.deepEqual(late.warnings, []);
  const [warning] = (await planOf('revenue', '--since', '2026-03-10T00:00:00Z')).warnings;
  assert.match(warning ?? '', /its covariate is from the 14d before a unit began, but events begin 2026-03-01T/);
});

test('clusters of the past are planned by their totals, and their users tell the correlation', async () => {
  const plan = await planOf(
    'revenue',
    '--design',
    'cluster',
    '--cluster',
    'city',
    '--mde',
    '50%',
    '--stopping',
    'fixed',
  );
  const { clusters, baseline } = plan;
  assert.equal(clusters?.clusterCount, 30);
  assert.ok(clusters.unitsPerCluster > 45 && clusters.unitsPerCluster <= 50);
  // Cities differ by chance alone.
  assert.ok(Math.abs(clusters.intraclusterCorrelation ?? 1) < 0.03);
  assert.ok(baseline.mean > 0 && (clusters.designEffect ?? 0) >= 1);
  const { out } = await runUmpire([...asked, '--metric', 'revenue', '--design', 'cluster', '--cluster', 'city']);
  assert.match(out, /total revenue by city, 30 of them, in/);
  assert.match(out, /clusters came: 30 by day 1/);
});

test('what cannot be planned is told', async () => {
  const refused = async (args: readonly string[], why: RegExp): Promise<void> => {
    const { err, exitCode } = await runUmpire(args);
    assert.notEqual(exitCode, 0);
    assert.match(err, why);
  };
  await refused(asked, /plan for one --metric at a time/);
  await refused([...asked, '--metric', 'revenue', '--baseline-rate', '0.1'], /either as numbers, or/);
  await refused([...asked, '--metric', 'revenue', '--from', 'a.csv'], /either --from or --warehouse/);
  await refused(
    [...asked, '--metric', 'revenue', '--since', '2026-03-27T00:00:00Z'],
    /fewer than 2 users have a value/,
  );
  await refused(
    ['plan', '--baseline-rate', '0.1', '--since', '2026-03-27T00:00:00Z'],
    /--since belongs to --warehouse/,
  );
});
