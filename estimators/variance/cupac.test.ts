import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../parts/repository-root.ts';
import { cuped } from '../cuped.ts';
import { seededRandom } from '../seeded-random.ts';
import { welch } from '../welch.ts';
import { crossFittedPredictions, cupacPredictions } from './cupac.ts';
import { ridgeRegression } from './ridge-regression.ts';

interface Case {
  readonly name: string;
  readonly penalty: number;
  readonly outcomes: readonly number[];
  readonly features: readonly (readonly number[])[];
  readonly folds: readonly number[];
  readonly predictions: readonly number[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/cupac.json'), 'utf8')) as {
  readonly absoluteTolerance: number;
  readonly cases: readonly Case[];
};

for (const { name, penalty, predictions, ...units } of golden.cases) {
  test(`cross-fitted predictions are those of scikit-learn's Ridge: ${name}`, () => {
    const found = cupacPredictions(units, penalty);
    assert.equal(found.length, predictions.length);
    for (const [index, value] of predictions.entries())
      assert.ok(Math.abs((found[index] ?? NaN) - value) < golden.absoluteTolerance, `${found[index]} is not ${value}`);
  });
}

test("no unit's own outcome is in its prediction", () => {
  const [{ outcomes, features, folds } = never()] = golden.cases;
  const changed = outcomes.map((outcome, unit) => (unit === 7 ? outcome + 1_000 : outcome));
  const before = cupacPredictions({ outcomes, features, folds }, 1);
  const after = cupacPredictions({ outcomes: changed, features, folds }, 1);
  for (const [unit, fold] of folds.entries())
    if (fold === folds[7]) assert.equal(after[unit], before[unit]);
    else assert.notEqual(after[unit], before[unit]);
});

test('predictions as the covariate of CUPED remove variance, and intervals cover as they promise', () => {
  const random = seededRandom(31);
  const [runs, units] = [600, 240];
  let covered = 0;
  let removed = 0;
  for (let run = 0; run < runs; run += 1) {
    const features = Array.from({ length: units }, () => [random.normal(), random.normal(), random.normal()]);
    const outcomes = features.map(([a = 0, b = 0]) => 10 + a + b + random.normal());
    const folds = features.map(() => Math.floor(5 * random.uniform()));
    const predictions = cupacPredictions({ outcomes, features, folds }, 1);
    const sums = (isOf: (unit: number) => boolean) => {
      const of = outcomes.flatMap((y, unit) => (isOf(unit) ? [[y, predictions[unit] ?? NaN] as const] : []));
      const total = (number: (y: number, x: number) => number) => of.reduce((sum, [y, x]) => sum + number(y, x), 0);
      return {
        count: of.length,
        sumY: total((y) => y),
        sumYY: total((y) => y * y),
        sumX: total((_, x) => x),
        sumXX: total((_, x) => x * x),
        sumXY: total((y, x) => x * y),
      };
    };
    const result = cuped(
      sums((unit) => unit % 2 === 0),
      sums((unit) => unit % 2 === 1),
    );
    const { lower, upper } = welch(result.control, result.treatment);
    if (lower <= 0 && upper >= 0) covered += 1;
    removed += result.varianceRemovedRatio / runs;
  }
  // Three Monte-Carlo errors of 600 runs are 2.7 percentage points.
  assert.ok(Math.abs(covered / runs - 0.95) < 0.027, `covered ${covered / runs}`);
  // Two thirds of the variance can be told from the features.
  assert.ok(removed > 0.62 && removed < 0.68, `removed ${removed}`);
});

test('what cannot be is refused by name', () => {
  const moments = { count: 9, means: [1, 0], covariances: [[1, 0], [0, 1]] }; // prettier-ignore
  assert.throws(() => ridgeRegression(moments, 0), /penalty must be above 0, got 0/);
  assert.throws(() => crossFittedPredictions([moments], 1), /at least 2 folds, got 1/);
  assert.throws(() => crossFittedPredictions([moments, moments, { ...moments, means: [1] }], 1), /cannot be pooled/);
  const units = { outcomes: [1, 2, 3, 4], features: [[1], [2], [3], [4]], folds: [0, 0, 1, 1] };
  assert.throws(() => cupacPredictions({ ...units, folds: [0, 0, 1] }, 1), /4 outcomes, 4 features, 3 folds/);
  assert.throws(() => cupacPredictions({ ...units, folds: [0, 0, 0, 1] }, 1), /at least 2 units, got 1/);
  assert.throws(() => cupacPredictions({ ...units, features: [[1], [2], [3], [4, 5]] }, 1), /different numbers/);
});

function never(): never {
  throw new Error('there is a case');
}
