import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cuped } from '../cuped.ts';
import { momentsOf } from '../moments.ts';
import { linearizedSums, type RatioSums } from './ratio-sums.ts';

interface Unit {
  readonly y: number;
  readonly d: number;
  readonly x: number;
}

function sumsOf(units: readonly Unit[]): RatioSums {
  const total = (read: (unit: Unit) => number): number => units.reduce((sum, unit) => sum + read(unit), 0);
  return {
    count: units.length,
    sumY: total(({ y }) => y),
    sumYY: total(({ y }) => y * y),
    sumX: total(({ x }) => x),
    sumXX: total(({ x }) => x * x),
    sumXY: total(({ x, y }) => x * y),
    sumD: total(({ d }) => d),
    sumDD: total(({ d }) => d * d),
    sumYD: total(({ y, d }) => y * d),
    sumXD: total(({ x, d }) => x * d),
  };
}

/** What the sums stand for: l = R + (y − R d) / d̄, unit by unit. */
function linearized(units: readonly Unit[]): number[] {
  const { count, sumY, sumD } = sumsOf(units);
  const ratio = sumY / sumD;
  return units.map(({ y, d }) => ratio + (y - ratio * d) / (sumD / count));
}

const number = fc.integer({ min: 0, max: 50 }).map((value) => value / 4);
const units = fc
  .array(fc.record({ y: number, d: number, x: number }), { minLength: 3, maxLength: 30 })
  .filter((all) => all.some(({ d }) => d > 0));

test("a ratio's sums give the moments of its linearized number, unit by unit", () => {
  fc.assert(
    fc.property(units, units, (control, treatment) => {
      const [a, b] = [linearizedSums(sumsOf(control)), linearizedSums(sumsOf(treatment))];
      assert.ok(a !== null && b !== null);
      const plain = (all: readonly Unit[]) => sumsOf(all.map((unit, i) => ({ ...unit, y: linearized(all)[i] ?? NaN })));
      const [expected, adjusted] = [cuped(plain(control), plain(treatment)), cuped(a, b)];
      const scale = Math.max(1, ...linearized(control).map(Math.abs), ...linearized(treatment).map(Math.abs)) ** 2;
      for (const arm of ['control', 'treatment'] as const) {
        assert.ok(Math.abs(adjusted[arm].mean - expected[arm].mean) < 1e-8 * scale);
        assert.ok(Math.abs(adjusted[arm].variance - expected[arm].variance) < 1e-7 * scale);
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('three units by hand', () => {
  const sums = linearizedSums(
    sumsOf([
      { y: 30, d: 2, x: 0 },
      { y: 0, d: 1, x: 0 },
      { y: 0, d: 0, x: 0 },
    ]),
  );
  // R = 10, d̄ = 1: l = (20, 0, 10)
  assert.deepEqual([sums?.sumY, Math.round(sums?.sumYY ?? NaN)], [30, 500]);
  assert.equal(momentsOf([20, 0, 10]).variance, 100);
});

test('without denominators, or with one unit, there is no ratio', () => {
  assert.equal(
    linearizedSums(
      sumsOf([
        { y: 1, d: 0, x: 0 },
        { y: 2, d: 0, x: 0 },
      ]),
    ),
    null,
  );
  assert.equal(linearizedSums(sumsOf([{ y: 1, d: 1, x: 0 }])), null);
});
