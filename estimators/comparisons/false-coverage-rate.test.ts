import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalQuantile, normalTail } from '../normal.ts';
import { seededRandom } from '../seeded-random.ts';
import { adjustedPValues } from './adjusted-p-values.ts';
import { falseCoverageLevel } from './false-coverage-rate.ts';

const ALPHA = 0.1;
const FAMILY = 40;
const RUNS = 3_000;

/** The mean share of the selected intervals that miss, over simulated families in which a few effects are there; 0 where none is selected. */
function falseCoverageRate(levelOf: (selectedCount: number) => number): number {
  const random = seededRandom(20_261_124);
  let total = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const truths = Array.from({ length: FAMILY }, (_, index) => (index < 4 ? 1.5 : 0));
    const estimates = truths.map((truth) => truth + random.normal());
    const pValues = estimates.map((estimate) => 2 * normalTail(Math.abs(estimate)));
    const adjusted = adjustedPValues(pValues, 'bh');
    const selected = truths.flatMap((truth, index) =>
      (adjusted[index] ?? 1) <= ALPHA ? [{ truth, estimate: estimates[index] ?? 0 }] : [],
    );
    if (selected.length === 0) continue;
    const half = normalQuantile(levelOf(selected.length) / 2);
    total += selected.filter(({ truth, estimate }) => Math.abs(truth - estimate) > half).length / selected.length;
  }
  return total / RUNS;
}

test('at the adjusted level at most alpha of the selected intervals miss, at the ordinary level far more', () => {
  const adjusted = falseCoverageRate((selectedCount) =>
    falseCoverageLevel({ familySize: FAMILY, selectedCount, alpha: ALPHA, dependence: 'positive' }),
  );
  const ordinary = falseCoverageRate(() => ALPHA);
  // A share of shares has a standard error of at most 0.5 / √3000.
  assert.ok(adjusted <= ALPHA + 0.01, `${adjusted}`);
  assert.ok(ordinary > 0.2, `${ordinary}`);
});

test('levels are those of the theorems', () => {
  const family = { familySize: 20, selectedCount: 5, alpha: 0.05 };
  assert.equal(falseCoverageLevel({ ...family, dependence: 'positive' }), 0.0125);
  assert.equal(falseCoverageLevel({ ...family, dependence: 'always-valid' }), 0.0125);
  // Σ 1/i to 20 is 3.597739657…
  assert.ok(Math.abs(falseCoverageLevel({ ...family, dependence: 'any' }) - 0.0125 / 3.597739657143682) < 1e-15);
  assert.equal(falseCoverageLevel({ ...family, selectedCount: 20, dependence: 'positive' }), 0.05);
});

test('what cannot be is refused', () => {
  const refused = (changes: object, why: RegExp) =>
    assert.throws(
      () => falseCoverageLevel({ familySize: 3, selectedCount: 1, alpha: 0.05, dependence: 'any', ...changes }),
      why,
    );
  refused({ selectedCount: 0 }, /between 1 and 3/);
  refused({ selectedCount: 4 }, /between 1 and 3/);
  refused({ familySize: 0 }, /at least 1/);
  refused({ alpha: 0 }, /alpha/);
});
