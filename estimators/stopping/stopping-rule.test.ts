import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { confidenceSequence } from '../confidence-sequence.ts';
import { momentsOf } from '../moments.ts';
import { welch } from '../welch.ts';
import { readLook, type LookInput, type StoppingRule } from './stopping-rule.ts';

const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

const look: LookInput = { effect: { estimate: 0.3, standardError: 0.1 }, count: 5_000, alpha: 0.05 };

const spendings = [
  'obrien-fleming',
  'pocock',
  { family: 'hwang-shih-decani', gamma: -4 },
  { family: 'power', rho: 2 },
] as const;

const anyRule: fc.Arbitrary<StoppingRule> = fc.oneof(
  fc.constant<StoppingRule>({ rule: 'fixed-horizon' }),
  fc.constant<StoppingRule>({ rule: 'always-valid' }),
  fc
    .tuple(fc.constantFrom(...spendings), fc.integer({ min: 1, max: 6 }), fc.nat(5))
    .map(([spending, looks, past]): StoppingRule => ({
      rule: 'group-sequential',
      spending,
      looks,
      look: 1 + (past % looks),
    })),
);

test('fixed-horizon is Welch where degrees of freedom are given', () => {
  const [a, b] = [momentsOf([1, 2, 3, 4, 7]), momentsOf([2, 4, 4, 8, 9, 11])];
  const expected = welch(a, b);
  const { lower, upper, pValue } = readLook(
    { rule: 'fixed-horizon' },
    { effect: expected, count: 11, degreesOfFreedom: expected.degreesOfFreedom, alpha: 0.05 },
  );
  close(lower, expected.lower, 1e-12);
  close(upper, expected.upper, 1e-12);
  close(pValue, expected.pValue, 1e-12);
});

test('always-valid is the confidence sequence', () => {
  const { criticalValue, ...interval } = readLook({ rule: 'always-valid', tunedForCount: 3_000 }, look);
  assert.deepEqual(interval, confidenceSequence({ ...look.effect, count: 5_000, alpha: 0.05, tunedForCount: 3_000 }));
  close(criticalValue, (interval.upper - 0.3) / 0.1, 1e-9);
});

test('group-sequential uses the boundaries of Lan and DeMets', () => {
  // Two-sided 5 %, five equal looks: Reboussin, DeMets, Kim, Lan, Controlled Clinical Trials 21 (2000), 190-207; also gsDesign and rpact.
  for (const [index, boundary] of [4.8769, 3.357, 2.6803, 2.2898, 2.031].entries()) {
    const rule = { rule: 'group-sequential', spending: 'obrien-fleming', looks: 5, look: index + 1 } as const;
    close(readLook(rule, look).criticalValue, boundary, 6e-5);
  }
});

test('a group-sequential test of one look is the fixed-horizon test', () => {
  for (const degreesOfFreedom of [undefined, 7]) {
    const input = degreesOfFreedom === undefined ? look : { ...look, degreesOfFreedom };
    const once = readLook({ rule: 'fixed-horizon' }, input);
    for (const spending of spendings) {
      const actual = readLook({ rule: 'group-sequential', spending, looks: 1, look: 1 }, input);
      for (const field of ['lower', 'upper', 'pValue'] as const) close(actual[field], once[field], 1e-8);
    }
  }
});

test('a p-value is below alpha exactly where the interval excludes 0, under every rule', () => {
  const alphas = fc.double({ min: 0.001, max: 0.3, noNaN: true });
  const estimates = fc.double({ min: -6, max: 6, noNaN: true });
  fc.assert(
    fc.property(
      anyRule,
      estimates,
      alphas,
      fc.option(fc.integer({ min: 3, max: 500 })),
      (rule, estimate, alpha, df) => {
        const degrees = df === null ? {} : { degreesOfFreedom: df };
        const { pValue, lower, upper } = readLook(rule, {
          effect: { estimate, standardError: 1 },
          count: 1_000,
          alpha,
          ...degrees,
        });
        assert.ok(pValue >= 0 && pValue <= 1);
        fc.pre(Math.abs(pValue / alpha - 1) > 1e-5);
        assert.equal(pValue < alpha, lower > 0 || upper < 0);
      },
    ),
    { numRuns: 60, seed: 11 },
  );
});

test('what cannot be is refused by name', () => {
  const group = { rule: 'group-sequential', spending: 'pocock', looks: 3, look: 2 } as const;
  const refused: readonly (readonly [StoppingRule, LookInput, RegExp])[] = [
    [group, { ...look, effect: { estimate: 1, standardError: 0 } }, /standard error above 0/],
    [group, { ...look, alpha: 0 }, /alpha must lie between 0 and 1/],
    [group, { ...look, count: 1 }, /at least 2 units/],
    [{ ...group, look: 4 }, look, /from 1 to looks \(3\), got 4/],
    [{ ...group, informationFractions: [0.5] }, look, /look 2 needs 2 information fractions, got 1/],
    [{ ...group, informationFractions: [0.5, 0.5] }, look, /look 2 has information 0.5, not more than 0.5/],
    [{ ...group, informationFractions: [0.5, 0.500001] }, look, /too close to the look before/],
    [{ ...group, spending: { family: 'power', rho: 0 } }, look, /rho must be above 0/],
  ];
  for (const [rule, input, message] of refused)
    assert.throws(
      () => readLook(rule, input),
      (error) => error instanceof RangeError && message.test(error.message),
    );
});
