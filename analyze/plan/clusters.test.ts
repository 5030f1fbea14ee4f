import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readClusters, intraclusterCorrelation, type ClusterSums } from '../../estimators/designs/cluster.ts';
import { momentsOf } from '../../estimators/moments.ts';
import { designEffectOf } from '../../estimators/planning/design-effect.ts';
import { neededUnits } from '../../estimators/planning/plan.ts';
import { seededRandom, type SeededRandom } from '../../estimators/seeded-random.ts';
import { repositoryFile } from '../../parts/repository-root.ts';
import { clusteredBaseline, clustersOf } from './clusters.ts';

interface Golden {
  readonly rtol: number;
  readonly cases: readonly { name: string; clusters: number[][]; correlation: number }[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/cluster_history.json'), 'utf8')) as Golden;

function sumsOf(values: readonly number[], cluster: number, isTreated = false): ClusterSums {
  const total = values.reduce((sum, value) => sum + value, 0);
  const sumOfSquares = values.reduce((sum, value) => sum + value ** 2, 0);
  return { cluster: `c${cluster}`, isTreated, count: values.length, total, sumOfSquares };
}

for (const { name, clusters, correlation } of golden.cases) {
  test(`the intracluster correlation of a history is SciPy's: ${name}`, () => {
    const found = intraclusterCorrelation(clusters.map((values, index) => sumsOf(values, index))).correlation;
    assert.ok(Math.abs(found - correlation) <= golden.rtol * Math.max(1e-3, Math.abs(correlation)));
  });
}

const SIZES = { unitsPerCluster: 30, sizeVariationRatio: 0 };

test('the design effect is that of the published formula', () => {
  const close = (given: number, expected: number): void => assert.ok(Math.abs(given - expected) < 1e-12);
  close(designEffectOf({ ...SIZES, intraclusterCorrelation: 0 }), 1);
  close(designEffectOf({ ...SIZES, intraclusterCorrelation: 0.05 }), 1 + 29 * 0.05);
  close(designEffectOf({ unitsPerCluster: 30, sizeVariationRatio: 0.5, intraclusterCorrelation: 0.05 }), 2.825);
  close(designEffectOf({ ...SIZES, intraclusterCorrelation: 1 }), 30);
  assert.throws(() => designEffectOf({ ...SIZES, intraclusterCorrelation: 1.1 }), RangeError);
  assert.throws(() => designEffectOf({ ...SIZES, unitsPerCluster: 0.5, intraclusterCorrelation: 0 }), RangeError);
  assert.throws(() => designEffectOf({ ...SIZES, sizeVariationRatio: -1, intraclusterCorrelation: 0 }), RangeError);
});

const [MEAN, BETWEEN, WITHIN] = [10, 1, 3];
const CORRELATION = BETWEEN ** 2 / (BETWEEN ** 2 + WITHIN ** 2);

function drawCluster(random: SeededRandom, effect: number): number[] {
  const size = 10 + Math.floor(random.uniform() * 41);
  const level = MEAN + effect + BETWEEN * random.normal();
  return Array.from({ length: size }, () => level + WITHIN * random.normal());
}

test('what is measured of clusters is what the formula says, where it holds', () => {
  const random = seededRandom(8);
  const clusters = Array.from({ length: 2_000 }, (_, index) => sumsOf(drawCluster(random, 0), index));
  const units = clusters.reduce((sum, { count }) => sum + count, 0);
  const mean = clusters.reduce((sum, { total }) => sum + total, 0) / units;
  const size = units / clusters.length;
  const { variance } = momentsOf(clusters.map(({ total, count }) => mean + (total - mean * count) / size));
  const found = clustersOf(clusters, { mean, variance });
  assert.ok(Math.abs((found.intraclusterCorrelation ?? 0) - CORRELATION) < 0.01);
  const { unitsPerCluster, sizeVariationRatio } = found;
  const expected = designEffectOf({ unitsPerCluster, sizeVariationRatio, intraclusterCorrelation: CORRELATION });
  assert.ok(Math.abs((found.designEffect ?? 0) / expected - 1) < 0.06, `${found.designEffect} is not ${expected}`);
});

test('as many clusters as a plan says find its effect as often as it says', () => {
  const sizes = Array.from({ length: 41 }, (_, index) => 10 + index);
  const { mean: unitsPerCluster, variance } = momentsOf(sizes);
  const { baseline } = clusteredBaseline(
    { kind: 'mean', mean: MEAN, standardDeviation: Math.hypot(BETWEEN, WITHIN) },
    {
      unitsPerCluster,
      sizeVariationRatio: Math.sqrt(variance) / unitsPerCluster,
      intraclusterCorrelation: CORRELATION,
    },
  );
  const effect = 0.8;
  const comparison = {
    baseline,
    varianceRemovedRatio: 0,
    shares: { control: 0.5, treatment: 0.5 },
    stopping: { rule: 'fixed-horizon' },
    alpha: 0.05,
  } as const;
  const needed = neededUnits(comparison, effect, 0.8);
  assert.ok(needed > 40 && needed < 90, `${needed}`);
  const random = seededRandom(21);
  const runs = 1_000;
  let found = 0;
  for (let run = 0; run < runs; run += 1) {
    const clusters = Array.from({ length: needed }, (_, index) => {
      const isTreated = index % 2 === 1;
      return sumsOf(drawCluster(random, isTreated ? effect : 0), index, isTreated);
    });
    if (readClusters(clusters).effect.pValue <= 0.05) found += 1;
  }
  // Four standard errors of a share of 0.8, and two points for what uneven sizes cost an estimator that does not weigh them.
  assert.ok(Math.abs(found / runs - 0.8) < 4 * Math.sqrt(0.16 / runs) + 0.02, `${found / runs}`);
});
