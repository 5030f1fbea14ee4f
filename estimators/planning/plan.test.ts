import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { repositoryFile } from '../../parts/repository-root.ts';
import { minimumDetectableEffect, neededUnits, powerAt, type PlannedComparison } from './plan.ts';

interface Shares {
  readonly control: number;
  readonly treatment: number;
}
interface Golden {
  readonly power: readonly { effect: number; units: number; shares: Shares; alpha: number; power: number }[];
  readonly needed: readonly { effect: number; power: number; alpha: number; units: number }[];
  readonly sequential: readonly { looks: number; drift: number; power: number }[];
  readonly rates: readonly { rate: number; effect: number; units: number; power: number }[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/planning.json'), 'utf8')) as Golden;

const EVEN: Shares = { control: 0.5, treatment: 0.5 };
const PLAN: PlannedComparison = {
  baseline: { kind: 'mean', mean: 10, standardDeviation: 1 },
  varianceRemovedRatio: 0,
  shares: EVEN,
  stopping: { rule: 'fixed-horizon' },
  alpha: 0.05,
};

test("power equals statsmodels' and SciPy's noncentral t", () => {
  for (const { effect, units, shares, alpha, power } of golden.power)
    assert.ok(Math.abs(powerAt({ ...PLAN, shares, alpha }, effect, units) - power) < 1e-7, `${effect}, ${units}`);
  for (const { rate, effect, units, power } of golden.rates) {
    const actual = powerAt({ ...PLAN, baseline: { kind: 'proportion', rate } }, effect, units);
    assert.ok(Math.abs(actual - power) < 1e-7, `${rate}: ${actual}, SciPy says ${power}`);
  }
});

test("group-sequential power equals SciPy's multivariate normal", () => {
  for (const { looks, drift, power } of golden.sequential) {
    const stopping = { rule: 'group-sequential', spending: 'obrien-fleming', looks } as const;
    const units = 4 * drift ** 2 * 10_000;
    const actual = powerAt({ ...PLAN, stopping }, 0.01, units);
    assert.ok(Math.abs(actual - power) < 1e-5, `${looks} looks: ${actual}, SciPy says ${power}`);
  }
});

test("needed units are statsmodels', rounded up", () => {
  for (const { effect, power, alpha, units } of golden.needed) {
    const needed = neededUnits({ ...PLAN, alpha }, effect, power);
    assert.ok(needed >= units - 1e-6 && needed < units + 1.01, `${effect}: ${needed}, statsmodels says ${units}`);
  }
});

test('needed units, detectable effects and power agree with each other, by every rule', () => {
  const effects = fc.double({ min: 0.02, max: 1.5, noNaN: true });
  const rules = fc.constantFrom<PlannedComparison['stopping']>(
    { rule: 'fixed-horizon' },
    { rule: 'always-valid' },
    { rule: 'group-sequential', spending: 'pocock', looks: 3 },
  );
  fc.assert(
    fc.property(
      effects,
      rules,
      fc.double({ min: 0, max: 0.8, noNaN: true }),
      (effect, stopping, varianceRemovedRatio) => {
        const plan = { ...PLAN, stopping, varianceRemovedRatio };
        const units = neededUnits(plan, effect, 0.8);
        assert.ok(powerAt(plan, effect, units) >= 0.8);
        assert.ok(units < 10 || powerAt(plan, effect, units - 1) < 0.8);
        const detectable = minimumDetectableEffect(plan, units, 0.8);
        assert.ok(detectable !== null && detectable <= effect * (1 + 1e-9));
      },
    ),
    { numRuns: 50, seed: 5 },
  );
});

test('covariates save the units that they explain, and looking all the time costs some', () => {
  const plain = neededUnits(PLAN, 0.05, 0.8);
  const explained = neededUnits({ ...PLAN, varianceRemovedRatio: 0.5 }, 0.05, 0.8);
  assert.ok(Math.abs(explained / plain - 0.5) < 0.001);
  assert.ok(neededUnits({ ...PLAN, stopping: { rule: 'always-valid' } }, 0.05, 0.8) > 1.5 * plain);
});

test('what cannot be is refused by name', () => {
  assert.throws(() => neededUnits(PLAN, 0, 0.8), /the effect must not be 0/);
  assert.throws(() => neededUnits(PLAN, 1, 0.01), /power must lie between alpha/);
  assert.throws(() => powerAt({ ...PLAN, alpha: 2 }, 1, 100), /alpha must lie/);
  assert.throws(() => powerAt({ ...PLAN, baseline: { kind: 'proportion', rate: 0.9 } }, 0.2, 100), /out of 0 to 1/);
  assert.equal(minimumDetectableEffect({ ...PLAN, baseline: { kind: 'proportion', rate: 0.99 } }, 20, 0.8), null);
});
