import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Moments } from '../estimators/moments.ts';
import { checkGuardrail, sharedAlpha, type GuardrailInput } from './guardrail.ts';

const share = (count: number, rate: number): Moments => ({ count, mean: rate, variance: rate * (1 - rate) });
const input = (changes: Partial<GuardrailInput>): GuardrailInput => ({
  control: share(50_000, 0.4),
  variant: share(50_000, 0.4),
  goodDirection: 'increase',
  marginRatio: 0.05,
  alpha: 0.05,
  ...changes,
});

test('passes where the interval excludes a harm beyond the margin', () => {
  assert.equal(checkGuardrail(input({})).status, 'passed');
  assert.equal(checkGuardrail(input({ variant: share(50_000, 0.5) })).status, 'passed');
  assert.equal(checkGuardrail(input({ goodDirection: 'decrease' })).status, 'passed');
});

test('fails where the interval lies wholly beyond it, in the bad direction only', () => {
  const lower = share(50_000, 0.35);
  const higher = share(50_000, 0.45);
  assert.equal(checkGuardrail(input({ variant: lower })).status, 'failed');
  assert.equal(checkGuardrail(input({ variant: higher, goodDirection: 'decrease' })).status, 'failed');
  assert.equal(checkGuardrail(input({ variant: higher })).status, 'passed');
});

test('is inconclusive on the margin, with few units, and where nothing can be compared', () => {
  assert.equal(checkGuardrail(input({ variant: share(50_000, 0.38) })).status, 'inconclusive');
  const few = checkGuardrail(input({ variant: share(99, 0.1) }));
  assert.deepEqual([few.status, few.interval], ['inconclusive', null]);
  assert.match(few.reason, /99 matured units; 100 are needed/);
  const refunds = { count: 1_000, mean: -3, variance: 1 };
  assert.match(checkGuardrail(input({ control: refunds, variant: refunds })).reason, /control's mean is below 0/);
  const flat: Moments = { count: 1_000, mean: 1, variance: 0 };
  assert.match(checkGuardrail(input({ control: flat, variant: flat })).reason, /no value varies/);
});

test('catches an outcome that stopped altogether, and one that hardly ever happened in control', () => {
  assert.equal(checkGuardrail(input({ control: share(2_000, 0.4), variant: share(500, 0) })).status, 'failed');
  const crashes = { control: share(5_000, 0), variant: share(5_000, 0.02), goodDirection: 'decrease' } as const;
  const check = checkGuardrail(input(crashes));
  assert.deepEqual([check.status, check.interval], ['failed', null]);
  assert.match(check.reason, /a mean of 0\.0200 against control's 0\.00 is beyond a harm of 5\.00 %/);
});

test('an arm in which a rare outcome has not happened yet is no evidence of harm', () => {
  // 2 are expected among 100; none is seen in one of eight such arms.
  assert.equal(checkGuardrail(input({ control: share(10_000, 0.02), variant: share(100, 0) })).status, 'inconclusive');
});

test('the status says what the interval says', () => {
  const rate = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  const units = fc.integer({ min: 100, max: 100_000 });
  const direction = fc.constantFrom('increase' as const, 'decrease' as const);
  fc.assert(
    fc.property(units, rate, units, rate, direction, (nc, control, nt, variant, goodDirection) => {
      const check = checkGuardrail(input({ control: share(nc, control), variant: share(nt, variant), goodDirection }));
      fc.pre(check.interval !== null);
      const { lower, upper } = check.interval;
      const [worst, best] = goodDirection === 'increase' ? [lower, upper] : [-upper, -lower];
      fc.pre(Math.abs(worst + 0.05) > 1e-9 && Math.abs(best + 0.05) > 1e-9);
      assert.equal(check.status, best < -0.05 ? 'failed' : worst > -0.05 ? 'passed' : 'inconclusive');
    }),
  );
});

test('numbers that cannot be are an error', () => {
  assert.throws(() => checkGuardrail(input({ variant: { count: 500, mean: NaN, variance: 1 } })), RangeError);
  assert.throws(() => checkGuardrail(input({ control: { count: 500, mean: 1, variance: -1 } })), RangeError);
  assert.throws(() => checkGuardrail(input({ alpha: 0 })), /alpha must lie between 0 and 1/);
  assert.throws(() => checkGuardrail(input({ marginRatio: -0.1 })), /margin must be a ratio above 0/);
});

test('a wider margin never makes it worse, a smaller alpha never makes it more certain', () => {
  const rank = { failed: 0, inconclusive: 1, passed: 2 };
  const rate = fc.double({ min: 0.05, max: 0.95, noNaN: true });
  const margin = fc.double({ min: 0.001, max: 0.5, noNaN: true });
  fc.assert(
    fc.property(rate, rate, margin, margin, (control, variant, a, b) => {
      const arms = { control: share(5_000, control), variant: share(5_000, variant) };
      const at = (marginRatio: number, alpha = 0.05) => checkGuardrail(input({ ...arms, marginRatio, alpha })).status;
      assert.ok(rank[at(Math.max(a, b))] >= rank[at(Math.min(a, b))]);
      if (at(a, 0.01) !== 'inconclusive') assert.equal(at(a, 0.05), at(a, 0.01));
    }),
  );
});

test('comparisons that decide together share the error level', () => {
  assert.equal(sharedAlpha(0.05, 5), 0.01);
  assert.equal(sharedAlpha(0.05, 0), 0.05);
});
