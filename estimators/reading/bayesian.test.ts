import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { repositoryFile } from '../../parts/repository-root.ts';
import type { Effect } from '../effect.ts';
import { bayesianReading, type NormalPrior } from './bayesian.ts';

const FIELDS = ['mean', 'lower', 'upper', 'chanceAboveZero', 'lossOfControl', 'lossOfTreatment'] as const;
type Case = Record<(typeof FIELDS)[number], number> & { name: string; effect: Effect; prior: NormalPrior | null };
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/bayesian.json'), 'utf8')) as {
  readonly cases: readonly Case[];
};

test("the Bayesian read-out equals gbstats'", () => {
  for (const { name, effect, prior, ...expected } of golden.cases) {
    const actual = bayesianReading(effect, 0.05, prior);
    for (const field of FIELDS)
      assert.ok(
        Math.abs(actual[field] - expected[field]) <= 1e-8 * Math.max(Math.abs(expected[field]), 1e-3),
        `${name}: ${field}: ${actual[field]}, gbstats says ${expected[field]}`,
      );
  }
});

const finite = fc.double({ min: -100, max: 100, noNaN: true });
const positive = fc.double({ min: 0.01, max: 100, noNaN: true });

test('losses differ by the effect, and turn around with it', () => {
  fc.assert(
    fc.property(finite, positive, (estimate, standardError) => {
      const reading = bayesianReading({ estimate, standardError });
      const turned = bayesianReading({ estimate: -estimate, standardError });
      assert.ok(
        Math.abs(reading.lossOfControl - reading.lossOfTreatment - estimate) < 1e-9 * (100 + Math.abs(estimate)),
      );
      assert.ok(Math.abs(reading.chanceAboveZero + turned.chanceAboveZero - 1) < 1e-12);
      assert.equal(reading.lossOfControl, turned.lossOfTreatment);
    }),
  );
});

test('a prior draws the effect towards itself, the more the surer it is', () => {
  const effect = { estimate: 2, standardError: 1 };
  const readings = [10, 1, 0.1].map((standardDeviation) =>
    bayesianReading(effect, 0.05, { mean: 0, standardDeviation }),
  );
  const means = readings.map(({ mean }) => mean);
  assert.deepEqual(
    means,
    means.toSorted((a, b) => b - a),
  );
  assert.ok(means.every((mean) => mean > 0 && mean < 2));
  assert.throws(() => bayesianReading(effect, 0.05, { mean: 0, standardDeviation: 0 }), /the prior has/);
  assert.throws(() => bayesianReading({ estimate: 1, standardError: 0 }), /standard error above 0/);
});
