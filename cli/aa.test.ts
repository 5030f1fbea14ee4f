import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { seededRandom } from '../estimators/seeded-random.ts';
import type { AaAnalysis } from '../analyze/history/aa.ts';
import { runUmpire } from './testing/test-platform.ts';

let folder: string;
let file: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-aa-'));
  file = path.join(folder, 'history.csv');
  const random = seededRandom(4);
  const rows = Array.from({ length: 2_000 }, (_, unit) => {
    const before = Math.exp(random.normal());
    const revenue = before * Math.exp(random.normal() / 2);
    return [`u${unit}`, revenue.toFixed(2), before.toFixed(2), (random.uniform() ** -2).toFixed(2)].join(',');
  });
  await writeFile(file, ['user_id,revenue,revenue_pre,heavy', ...rows].join('\n'));
});
after(() => rm(folder, { recursive: true }));

const ASKED = ['--unit', 'user_id', '--metric', 'revenue:mean', '--metric', 'heavy:mean', '--splits', '300'];

test('umpire aa says which metric can be relied on', async () => {
  const { out, exitCode } = await runUmpire(['aa', file, ...ASKED, '--json']);
  assert.equal(exitCode, 0);
  const { metrics, unitCount } = JSON.parse(out) as AaAnalysis;
  assert.equal(unitCount, 2_000);
  assert.deepEqual(
    metrics.map(({ fixedHorizon }) => fixedHorizon.verdict),
    ['holds', 'too-few'],
  );
});

test('the table names what was found and what to do', async () => {
  const { out } = await runUmpire(['aa', file, ...ASKED, '--covariate', 'revenue_pre']);
  assert.match(out, /2000 units, split 300 times into two arms that are alike \(seed 1\)/);
  assert.match(out, /revenue:mean: This metric can be relied on/);
  assert.match(out, /heavy:mean: This metric misses effects: .* cap it, such as with cap=p99/);
});

test('what cannot be split is told', async () => {
  const refused = async (args: readonly string[], why: RegExp): Promise<void> => {
    const { err, exitCode } = await runUmpire(['aa', file, ...args]);
    assert.notEqual(exitCode, 0);
    assert.match(err, why);
  };
  await refused(['--unit', 'user_id'], /--metric is missing/);
  await refused(['--unit', 'user_id', '--metric', 'revenu:mean'], /no column "revenu"/);
  await refused(['--unit', 'user_id', '--metric', 'heavy:quantile:0.9'], /a quantile has no number per unit/);
  await refused([...ASKED, '--splits', '0'], /--splits/);
});
