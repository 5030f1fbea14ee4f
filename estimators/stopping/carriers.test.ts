import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentsOf } from '../moments.ts';
import { carriersOf, isCarriedByFew } from './carriers.ts';

const arm = (count: number, payers: number, paid = 3) =>
  momentsOf(Array.from({ length: count }, (_, unit) => (unit < payers ? paid : 0)));

test('units with equal values carry the mean, whatever they have; of unequal ones fewer do', () => {
  for (const [count, payers, paid] of [
    [50, 50, 1],
    [1_000, 7, 3],
    [400, 120, 0.01],
  ] as const)
    assert.ok(Math.abs(carriersOf(arm(count, payers, paid)) - payers) < 1e-6 * payers);
  assert.ok(carriersOf(momentsOf([100, 1, 1, 1, 0, 0])) < 1.1);
  assert.equal(carriersOf(arm(10, 0)), 0);
});

test('only the smaller of two unequal arms needs many', () => {
  assert.equal(isCarriedByFew(arm(1_000, 90), arm(5_000, 900)), true);
  assert.equal(isCarriedByFew(arm(5_000, 900), arm(1_000, 90)), true);
  assert.equal(isCarriedByFew(arm(1_000, 110), arm(5_000, 90)), false);
  assert.equal(isCarriedByFew(arm(1_000, 9), arm(1_100, 9)), false);
});
