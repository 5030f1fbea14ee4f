import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MetricDefinition } from '../definitions/metric.ts';
import { isCounted, metricValue, type Outcome } from './metric-value.ts';

const DEPOSITS: MetricDefinition = {
  kind: 'metric',
  key: 'deposits',
  owner: 'payments',
  description: 'Deposits that succeeded.',
  type: 'count',
  event: 'deposit_succeeded',
  property: null,
  where: [],
  windowMs: 1_000,
  goodDirection: 'increase',
  covariateMs: 0,
  valueUnit: 'deposits',
};
const AMOUNT: MetricDefinition = { ...DEPOSITS, key: 'amount', type: 'sum', property: 'amount' };

const deposit = (occurredAtMs: number, properties: Outcome['properties'] = {}): Outcome => ({
  eventType: 'deposit_succeeded',
  occurredAtMs,
  properties,
});

test('the window begins with the first exposure and ends before its length has passed', () => {
  const outcomes = [deposit(4_999), deposit(5_000), deposit(5_999), deposit(6_000)];
  assert.equal(metricValue(DEPOSITS, 5_000, outcomes), 2);
});

test('a proportion is at most 1', () => {
  const metric: MetricDefinition = { ...DEPOSITS, type: 'proportion' };
  assert.equal(metricValue(metric, 0, [deposit(1), deposit(2)]), 1);
  assert.equal(metricValue(metric, 0, []), 0);
});

test('a sum passes over amounts that are missing or no numbers', () => {
  const outcomes = [deposit(1, { amount: 250 }), deposit(2), deposit(3, { amount: '99' }), deposit(4, { amount: 50 })];
  assert.equal(metricValue(AMOUNT, 0, outcomes), 300);
});

test('filters compare like SQL: what is missing never passes, also not with not_equals', () => {
  const where = (operator: 'equals' | 'not_equals' | 'greater_than' | 'less_than', value: string | number) => ({
    ...DEPOSITS,
    where: [{ property: 'x', operator, value }],
  });
  assert.equal(isCounted(where('equals', 'upi'), deposit(0, { x: 'upi' })), true);
  assert.equal(isCounted(where('not_equals', 'upi'), deposit(0, { x: 'card' })), true);
  assert.equal(isCounted(where('not_equals', 'upi'), deposit(0)), false);
  assert.equal(isCounted(where('not_equals', 'upi'), deposit(0, { x: null })), false);
  assert.equal(isCounted(where('greater_than', 10), deposit(0, { x: 11 })), true);
  assert.equal(isCounted(where('greater_than', 10), deposit(0, { x: 10 })), false);
  assert.equal(isCounted(where('less_than', 10), deposit(0, { x: 9 })), true);
});

test('the order in which outcomes arrive does not matter', () => {
  const outcome = fc.record({ at: fc.integer({ min: 0, max: 3_000 }), amount: fc.integer({ min: -500, max: 500 }) });
  fc.assert(
    fc.property(fc.array(outcome), (drawn) => {
      const outcomes = drawn.map(({ at, amount }) => deposit(at, { amount }));
      assert.equal(metricValue(AMOUNT, 1_000, outcomes), metricValue(AMOUNT, 1_000, outcomes.toReversed()));
    }),
  );
});
