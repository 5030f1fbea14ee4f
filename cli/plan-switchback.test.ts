import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { SwitchbackPlan } from '../analyze/plan/switchback.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import { makePastWarehouse } from './testing/past-warehouse.ts';
import { runUmpire } from './testing/test-platform.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 2, 2);
const [REGIONS, HOURS] = [5, 24 * 14];

let folder: string;
let rides: string;
let past: readonly string[];
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-plan-switchback-'));
  rides = path.join(folder, 'rides.csv');
  const random = seededRandom(6);
  const lines = ['city,started_at,fare'];
  for (let hour = 0; hour < HOURS; hour += 1)
    for (let city = 0; city < REGIONS; city += 1)
      for (let ride = 0; ride < 3; ride += 1) {
        const at = new Date(START_MS + hour * HOUR_MS + Math.floor(random.uniform() * HOUR_MS)).toISOString();
        lines.push(`city-${city},${at},${(20 + 5 * random.normal()).toFixed(2)}`);
      }
  await writeFile(rides, lines.join('\n'));
  const { file, metrics } = await makePastWarehouse(folder);
  past = ['--warehouse', file, '--metrics', metrics, '--metric', 'revenue'];
});
after(() => rm(folder, { recursive: true }));

const ASKED = ['--design', 'switchback', '--region', 'city', '--stopping', 'fixed'];
const ofRides = (): string[] => ['--from', rides, '--date', 'started_at', '--metric', 'fare:sum', ...ASKED];

async function planOf(...args: string[]): Promise<SwitchbackPlan> {
  const { out, err, exitCode } = await runUmpire(['plan', ...args, '--json']);
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as SwitchbackPlan;
}

test('umpire plan --design switchback says how long windows of each length have to run', async () => {
  const plan = await planOf(...ofRides(), '--mde', '3%', '--window', '1h', '4h');
  assert.equal(plan.regionCount, REGIONS);
  assert.ok(Math.abs(plan.mean - 60) < 1);
  for (const { windowMs, bias, neededWindows } of plan.windows) {
    assert.equal(bias, 0);
    // Three rides an hour with a standard deviation of 5 have a total with a variance of 75.
    const expected = (4 * (1.96 + 0.8416) ** 2 * 75) / (windowMs / HOUR_MS) / plan.effect.absolute ** 2;
    assert.ok(Math.abs((neededWindows ?? 0) / expected - 1) < 0.25, `${neededWindows} is not ${expected}`);
  }
  const { out } = await runUmpire(['plan', ...ofRides(), '--mde', '3%', '--half-life', '30m', '--burn-in', '15m']);
  assert.match(out, /5 regions from 2026-03-02T01:00:00.000Z until 2026-03-15T23:00:00.000Z, in slots of 1h/);
  assert.match(out, /half of an effect comes or goes in 30m/);
  assert.match(out, /Take windows of \d+h: they estimate best/);
});

test('an average of a slot is planned as an average, and the platform’s own events by their totals', async () => {
  const average = await planOf(
    ...ofRides().map((each) => (each === 'fare:sum' ? 'fare:mean' : each)),
    ...['--mde', '3%', '--window', '2h'],
  );
  assert.ok(Math.abs(average.mean - 20) < 0.5);
  const plan = await planOf(...past, ...ASKED, '--slot', '6h', '--window', '6h', '1d', '--mde', '20%');
  assert.equal(plan.regionCount, 30);
  assert.deepEqual([plan.from, plan.until], ['2026-03-01T00:00:00.000Z', '2026-03-29T00:00:00.000Z']);
  assert.ok(plan.windows.every(({ neededDays }) => neededDays !== null && neededDays > 0));
});

test('what cannot be planned is told', async () => {
  const refused = async (args: readonly string[], why: RegExp): Promise<void> => {
    const { err, exitCode } = await runUmpire(['plan', ...args]);
    assert.notEqual(exitCode, 0);
    assert.match(err, why);
  };
  await refused(ofRides(), /needs --mde/);
  await refused([...ofRides(), '--mde', '3%', '--window', '90m'], /no multiple of the slot/);
  await refused([...ofRides(), '--mde', '3%', '--slot', '7h'], /--slot must divide a day/);
  await refused([...ofRides(), '--mde', '3%', '--units', '50'], /--units does not go with --design switchback/);
  await refused([...ofRides(), '--mde', '3%', '--slot', '1m', '--metric', 'fare:mean'], /one --metric/);
  const averages = ofRides().map((each) => (each === 'fare:sum' ? 'fare:mean' : each));
  await refused([...averages, '--mde', '3%', '--slot', '1m'], /region "city-\d" has nothing from/);
  await refused([...ASKED, '--mde', '3%'], /needs a history/);
  await refused(['--baseline-rate', '0.1', '--slot', '1h'], /--slot belongs to --design switchback/);
  const proportion = past.map((each) => (each === 'revenue' ? 'ordered' : each));
  await refused([...proportion, ...ASKED, '--mde', '3%'], /a window of a switchback has a total/);
});
