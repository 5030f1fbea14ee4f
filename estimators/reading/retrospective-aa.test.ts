import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../parts/repository-root.ts';
import { seededRandom } from '../seeded-random.ts';
import { aaReport } from './aa-verdict.ts';
import { retrospectiveAa, type AaHistory, type AaPlan } from './retrospective-aa.ts';
import { uniformityTest } from './uniformity.ts';

interface Golden {
  readonly uniformity: readonly { name: string; values: number[]; statistic: number; pValue: number }[];
  readonly intervals: readonly { rejections: number; splits: number; lower: number; upper: number }[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/retrospective_aa.json'), 'utf8')) as Golden;

const PLAN: AaPlan = { stopping: { rule: 'fixed-horizon' }, splits: 400, looks: 20, alpha: 0.05, seed: 7 };
const MEAN = [{ numerator: 0, denominator: null }];

function history(unitCount: number, valueOf: (random: ReturnType<typeof seededRandom>) => number): AaHistory {
  const random = seededRandom(3);
  return { numbers: [Float64Array.from({ length: unitCount }, () => valueOf(random))], pairs: MEAN };
}

for (const { name, values, statistic, pValue } of golden.uniformity) {
  test(`Kolmogorov-Smirnov as SciPy computes it: ${name}`, () => {
    const own = uniformityTest(values);
    assert.ok(Math.abs(own.statistic - statistic) < 1e-12);
    // SciPy's is exact for this many values, ours Stephens' approximation.
    const tolerance = values.length < 100 ? 0.02 : 0.005;
    assert.ok(Math.abs(own.pValue - pValue) < tolerance, `${own.pValue} is not ${pValue}`);
  });
}

test('the interval of the rejection rate is Wilson’s, as statsmodels computes it', () => {
  for (const { rejections, splits, lower, upper } of golden.intervals) {
    const drawn = Array.from({ length: splits }, (_, index) => ({
      isRejected: index < rejections,
      pValue: 0.5,
      estimate: 1,
      standardError: 1,
    }));
    const report = aaReport(drawn, PLAN);
    assert.ok(Math.abs(report.rejectionLower - lower) < 1e-9 && Math.abs(report.rejectionUpper - upper) < 1e-9);
  }
});

test('a metric of many alike units holds, with and without looking on the way', () => {
  const revenue = history(3_000, (random) => Math.exp(random.normal()));
  const once = aaReport(retrospectiveAa(revenue, PLAN), PLAN);
  assert.equal(once.verdict, 'holds');
  assert.ok(Math.abs(once.spreadRatio - 1) < 0.1);
  const always: AaPlan = { ...PLAN, stopping: { rule: 'always-valid', tunedForCount: 3_000 } };
  const report = aaReport(retrospectiveAa(revenue, always), always);
  assert.ok(report.rejectionRate <= 0.05);
  assert.equal(report.uniformityPValue, null);
});

test('a few units that weigh as much as all others show', () => {
  const heavy = history(2_000, (random) => random.uniform() ** -2);
  assert.equal(aaReport(retrospectiveAa(heavy, PLAN), PLAN).verdict, 'too-few');
});

test('ratios and covariates are read as in an experiment', () => {
  const random = seededRandom(11);
  const views = Float64Array.from({ length: 2_000 }, () => 1 + Math.floor(random.exponential(5)));
  const clicks = views.map((count) => Math.floor(count * random.uniform()));
  const before = clicks.map((count) => count + random.normal());
  const ratio = {
    numbers: [clicks, views, before],
    pairs: [
      { numerator: 0, denominator: 1 },
      { numerator: 2, denominator: null },
    ],
  };
  assert.equal(aaReport(retrospectiveAa(ratio, PLAN), PLAN).verdict, 'holds');
});

test('the same seed gives the same splits, another seed others', () => {
  const units = history(100, (random) => random.normal());
  const estimates = (seed: number): number[] =>
    retrospectiveAa(units, { ...PLAN, splits: 5, seed }).map(({ estimate }) => estimate);
  assert.deepEqual(estimates(1), estimates(1));
  assert.notDeepEqual(estimates(1), estimates(2));
});

test('what cannot be is refused', () => {
  const refused = (numbers: readonly Float64Array[], changes: Partial<AaPlan>, why: RegExp) =>
    assert.throws(() => retrospectiveAa({ numbers, pairs: MEAN }, { ...PLAN, ...changes }), why);
  refused([new Float64Array(3)], {}, /at least 8 units, got 3/);
  refused([new Float64Array(9).fill(NaN)], {}, /not finite/);
  refused([new Float64Array(9)], {}, /nothing varies/);
  refused([new Float64Array(9), new Float64Array(8)], {}, /different length/);
  refused([new Float64Array(9)], { splits: 0 }, /splits/);
  refused([new Float64Array(9)], { alpha: 1 }, /alpha/);
});
