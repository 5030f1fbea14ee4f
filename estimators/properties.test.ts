import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { confidenceSequence, sequentialCriticalValue } from './confidence-sequence.ts';
import { cuped, type CovariateSums } from './cuped.ts';
import { momentsFromSums, momentsOf, type Moments } from './moments.ts';
import { differenceFromMultiple, fiellerLift } from './ratio-interval.ts';
import { relativeLift } from './relative-lift.ts';
import { sampleRatio } from './sample-ratio.ts';
import { welch } from './welch.ts';

const arm: fc.Arbitrary<Moments> = fc.record({
  count: fc.integer({ min: 2, max: 1_000_000 }),
  mean: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
  variance: fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
});

test('turning the arms around turns the sign around', () => {
  fc.assert(
    fc.property(arm, arm, (a, b) => {
      const forth = welch(a, b);
      const back = welch(b, a);
      assert.equal(Math.abs(forth.t + back.t), 0);
      assert.equal(forth.pValue, back.pValue);
      assert.equal(Math.abs(forth.lower + back.upper), 0);
    }),
  );
});

test('a p-value is below alpha exactly where the interval excludes 0', () => {
  fc.assert(
    fc.property(arm, arm, fc.double({ min: 0.001, max: 0.3, noNaN: true }), (a, b, alpha) => {
      const result = welch(a, b, alpha);
      fc.pre(Math.abs(result.pValue - alpha) > 1e-6);
      assert.equal(result.pValue < alpha, result.lower > 0 || result.upper < 0);
      const sequence = confidenceSequence({ ...result, count: a.count + b.count, alpha });
      fc.pre(Math.abs(sequence.pValue - alpha) > 1e-6);
      assert.equal(sequence.pValue < alpha, sequence.lower > 0 || sequence.upper < 0);
    }),
  );
});

test('a confidence sequence is wider than the interval of one look', () => {
  fc.assert(
    fc.property(arm, arm, (a, b) => {
      fc.pre(a.count > 30 && b.count > 30);
      const one = welch(a, b);
      const sequence = confidenceSequence({ ...one, count: a.count + b.count, alpha: 0.05 });
      assert.ok(sequence.lower < one.lower && sequence.upper > one.upper);
    }),
  );
});

test('moments from sums equal moments of the values', () => {
  const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 200 });
  fc.assert(
    fc.property(values, (drawn) => {
      const direct = momentsOf(drawn);
      const sum = drawn.reduce((total, value) => total + value, 0);
      const sumOfSquares = drawn.reduce((total, value) => total + value * value, 0);
      const fromSums = momentsFromSums({ count: drawn.length, sum, sumOfSquares });
      assert.ok(Math.abs(direct.mean - fromSums.mean) < 1e-6);
      assert.ok(Math.abs(direct.variance - fromSums.variance) < 1e-4);
    }),
  );
});

test('relative lift does not depend on the unit of the metric', () => {
  fc.assert(
    fc.property(arm, arm, fc.double({ min: 0.01, max: 100, noNaN: true }), (a, b, unit) => {
      const scaled = (m: Moments): Moments => ({ ...m, mean: m.mean * unit, variance: m.variance * unit * unit });
      const lift = relativeLift(a, b);
      const same = relativeLift(scaled(a), scaled(b));
      fc.pre(lift !== null && same !== null);
      assert.ok(Math.abs(lift.estimate - same.estimate) <= 1e-9 * Math.max(1, Math.abs(lift.estimate)));
    }),
  );
});

test("at the ends of Fieller's interval the means are just as far apart as the critical value allows", () => {
  fc.assert(
    fc.property(arm, arm, fc.double({ min: 0.5, max: 6, noNaN: true }), (a, b, criticalValue) => {
      const interval = fiellerLift(a, b, criticalValue);
      const isBoundedAway = a.mean ** 2 > (criticalValue ** 2 * a.variance) / a.count;
      assert.equal(interval !== null, isBoundedAway);
      fc.pre(interval !== null && a.mean ** 2 > (1.1 * criticalValue ** 2 * a.variance) / a.count);
      for (const end of [interval.lower, interval.upper]) {
        const { estimate, standardError } = differenceFromMultiple(a, b, 1 + end);
        const rounding = 1e-6 * (Math.abs(b.mean) + standardError);
        assert.ok(Math.abs(Math.abs(estimate) - criticalValue * standardError) <= rounding);
      }
    }),
  );
});

test("Fieller's interval and the linear delta method agree where control is known well", () => {
  const control: Moments = { count: 1_000_000, mean: 0.4, variance: 0.24 };
  const treatment: Moments = { count: 1_000_000, mean: 0.41, variance: 0.2419 };
  const criticalValue = sequentialCriticalValue({ count: 2_000_000, alpha: 0.05 });
  const fieller = fiellerLift(control, treatment, criticalValue);
  const delta = relativeLift(control, treatment);
  assert.ok(fieller !== null && delta !== null);
  const { lower, upper } = confidenceSequence({ ...delta, count: 2_000_000, alpha: 0.05 });
  assert.ok(Math.abs(fieller.lower - lower) < 1e-4 && Math.abs(fieller.upper - upper) < 1e-4);
});

test('CUPED without a covariate that varies changes nothing, and never adds variance', () => {
  const values = fc.array(
    fc.tuple(fc.double({ min: 0, max: 10, noNaN: true }), fc.double({ min: 0, max: 10, noNaN: true })),
    {
      minLength: 5,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(values, values, (a, b) => {
      const result = cuped(sumsOf(a), sumsOf(b));
      assert.ok(Number.isFinite(result.control.mean) && Number.isFinite(result.treatment.mean));
      assert.ok(result.varianceRemovedRatio <= 1);
      const flat = cuped(sumsOf(a.map(([y]) => [y, 3])), sumsOf(b.map(([y]) => [y, 3])));
      assert.equal(flat.theta, 0);
      assert.equal(flat.varianceRemovedRatio, 0);
    }),
  );
});

function sumsOf(pairs: readonly (readonly [number, number])[]): CovariateSums {
  const total = (f: (y: number, x: number) => number): number => pairs.reduce((sum, [y, x]) => sum + f(y, x), 0);
  return {
    count: pairs.length,
    sumY: total((y) => y),
    sumYY: total((y) => y * y),
    sumX: total((_, x) => x),
    sumXX: total((_, x) => x * x),
    sumXY: total((y, x) => x * y),
  };
}

test('input that cannot be is refused by name', () => {
  const fine: Moments = { count: 10, mean: 1, variance: 2 };
  assert.throws(() => welch({ ...fine, count: 1 }, fine), /welch: needs at least 2 units in control, got 1/);
  assert.throws(() => welch(fine, { ...fine, variance: -1 }), /treatment has mean 1 and variance -1/);
  assert.throws(() => welch({ ...fine, variance: 0 }, { ...fine, variance: 0 }), /no value varies/);
  assert.throws(() => welch(fine, fine, 1), /alpha must lie between 0 and 1/);
  assert.throws(
    () => confidenceSequence({ estimate: 0, standardError: 0, count: 10, alpha: 0.05 }),
    /standard error above 0/,
  );
  assert.throws(() => fiellerLift(fine, fine, 0), /critical value must be above 0/);
  assert.throws(() => differenceFromMultiple(fine, fine, NaN), /the multiple is NaN/);
  assert.throws(() => sequentialCriticalValue({ count: 1, alpha: 0.05 }), /at least 2 units/);
  assert.throws(() => sampleRatio([1, 2], [1, 0]), /a weight is 0/);
  assert.throws(() => sampleRatio([0, 0], [1, 1]), /there are no units/);
  assert.throws(() => momentsFromSums({ count: 3, sum: 30, sumOfSquares: 1 }), /cannot belong to 3 values/);
  assert.equal(relativeLift({ count: 100, mean: 0.01, variance: 1 }, fine), null);
});
