import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan } from '../analyze/plan/plan.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { runUmpire } from './testing/test-platform.ts';

async function planOf(...args: string[]): Promise<Plan> {
  const { out, err, exitCode } = await runUmpire(['plan', ...args, '--json']);
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as Plan;
}

const MEAN = ['--baseline-mean', '42', '--baseline-sd', '90'];
const CLUSTERS = repositoryFile('analyze/golden/experiments/clusters.csv');
const USERS = repositoryFile('analyze/golden/experiments/users.csv');

describe('umpire plan', () => {
  it('says how many units and days an effect needs', async () => {
    const args = [...MEAN, '--mde', '2%', '--daily-units', '5000', '--stopping', 'fixed'];
    const plan = await planOf(...args);
    // statsmodels: TTestIndPower().solve_power(0.84 / 90, power=0.8, alpha=0.05) × 2
    assert.equal(plan.needed?.units, 360_409);
    assert.equal(plan.needed.days, 73);
    assert.ok(plan.neededByStopping.some(({ stopping, units }) => stopping.rule === 'always-valid' && units > 360_409));
    assert.equal(plan.detectable.length, 6);
    const { out } = await runUmpire(['plan', ...args]);
    assert.match(out, /To find an effect of \+0\.84 \(\+2\.00 %\): 360,409 units \(180,205 \+ 180,205\), 73 days/);
  });

  it('says which effect given units find, and how surely one is found', async () => {
    const plan = await planOf('--baseline-rate', '0.08', '--units', '50000', '--mde', '5%', '--stopping', 'fixed');
    assert.equal(plan.detectable.length, 1);
    assert.ok(Math.abs((plan.powerAtUnits ?? 0) - 0.371) < 0.001);
    const inDays = await planOf(
      '--baseline-rate',
      '0.08',
      '--days',
      '10',
      '--daily-units',
      '5000',
      '--stopping',
      'fixed',
    );
    assert.deepEqual(inDays.detectable[0]?.absolute, plan.detectable[0]?.absolute);
  });

  it('takes the baseline from a file, and what covariates remove', async () => {
    const args = ['--from', USERS, '--unit', 'user_id', '--metric', 'revenue:mean', '--mde', '1'];
    const plain = await planOf(...args);
    const adjusted = await planOf(...args, '--covariate', 'revenue_pre', '--covariate', 'visits_pre');
    assert.match(plain.baseline.source, /revenue:mean of 420 units/);
    assert.ok(adjusted.varianceRemovedRatio > 0.2);
    const saved = 1 - (adjusted.needed?.units ?? 0) / (plain.needed?.units ?? 1);
    assert.ok(saved > 0.8 * adjusted.varianceRemovedRatio);
    assert.equal((await planOf('--from', USERS, '--unit', 'user_id', '--metric', 'clicks/views:ratio')).needed, null);
  });

  it('plans for clusters from a file, by what they are like in it', async () => {
    const args = [
      '--from',
      CLUSTERS,
      '--unit',
      'user_id',
      '--metric',
      'revenue:mean',
      '--mde',
      '1',
      '--stopping',
      'fixed',
    ];
    const clustered = await planOf(...args, '--design', 'cluster', '--cluster', 'city');
    const byUnit = await planOf(...args);
    const { clusters, needed, baseline } = clustered;
    assert.ok(clusters?.clusterCount !== null && clusters !== null && clusters.designEffect !== null);
    assert.ok(Math.abs(baseline.mean - byUnit.baseline.mean) < 1e-9);
    const inUnits = (needed?.units ?? NaN) * clusters.unitsPerCluster;
    const ratio = inUnits / (byUnit.needed?.units ?? NaN);
    // Beside the design effect, a test of few clusters has few degrees of freedom.
    assert.ok(ratio > clusters.designEffect && ratio < 1.3 * clusters.designEffect);
    const { out } = await runUmpire(['plan', ...args, '--design', 'cluster', '--cluster', 'city']);
    assert.match(out, /clusters are randomized: \d+ clusters of [\d.]+ units on average/);
    assert.match(out, /: \d+ clusters \(\d+ \+ \d+\), about [\d,]+ units/);
  });

  it('plans for clusters from an intracluster correlation', async () => {
    const args = ['--design', 'cluster', '--cluster-size', '50', '--mde', '10%', '--stopping', 'fixed'];
    const alike = await planOf(...MEAN, ...args, '--icc', '0.1', '--size-variation', '40%');
    assert.ok(Math.abs((alike.clusters?.designEffect ?? 0) - (1 + (1.16 * 50 - 1) * 0.1)) < 1e-12);
    const independent = await planOf(...MEAN, ...args, '--icc', '0');
    const units = await planOf(...MEAN, '--mde', '10%', '--stopping', 'fixed');
    assert.ok(Math.abs((independent.needed?.units ?? 0) * 50 - (units.needed?.units ?? 0)) <= 150);
  });

  const REFUSED: readonly (readonly [readonly string[], RegExp, 1 | 2])[] = [
    [[], /--baseline-mean and --baseline-sd, or --baseline-rate, or --from/, 2],
    [[...MEAN, '--mde', '0'], /--mde must not be 0/, 2],
    [[...MEAN, '--mde', 'big'], /--mde must be a number, got "big"/, 2],
    [['--baseline-rate', '8'], /--baseline-rate must lie between 0 and 1/, 2],
    [['--baseline-rate', '0.9', '--mde', '50%'], /out of 0 to 1/, 1],
    [['--from', USERS, '--unit', 'user_id', '--metric', 'revenu:mean'], /no column "revenu"/, 1],
    [[...MEAN, '--design', 'cluster'], /needs --cluster-size and --icc/, 2],
    [[...MEAN, '--icc', '0.1'], /--icc belongs to --design cluster/, 2],
    [[...MEAN, '--design', 'cluster', '--cluster-size', '9', '--icc', '2'], /--icc must lie between 0 and 1/, 2],
    [['--from', USERS, '--design', 'cluster'], /--design cluster needs --cluster/, 2],
    [[...MEAN, '--units', '10', '--days', '3'], /either --units or --days/, 2],
  ];
  for (const [args, message, code] of REFUSED)
    it(`refuses ${args.slice(-2).join(' ') || 'nothing'}`, async () => {
      const { err, exitCode } = await runUmpire(['plan', ...args]);
      assert.match(err, message);
      assert.equal(exitCode, code);
    });
});
