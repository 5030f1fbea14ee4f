import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricDefinition } from '../definitions/metric.ts';
import { count, DAY_MS, deposit, DEPOSITED, exposure, type Draft } from './testing/small-warehouse.ts';

const FUNNEL: MetricDefinition = {
  ...DEPOSITED,
  type: 'funnel',
  property: null,
  event: 'deposit_opened',
  steps: [
    { event: 'deposit_attempted', where: [] },
    { event: 'deposit_succeeded', where: [{ property: 'method', operator: 'equals', value: 'upi' }] },
  ],
};

const at = (eventType: string, user: string, days: number, properties = {}): Draft => ({
  ...deposit(user, days, 1, { properties }),
  eventType,
});
const opened = (user: string, days: number) => at('deposit_opened', user, days);
const attempted = (user: string, days: number) => at('deposit_attempted', user, days);
const succeeded = (user: string, days: number, properties = {}) => at('deposit_succeeded', user, days, properties);

/** Units that reached the end, of how many; with the units that reached the given step. */
async function reached(drafts: readonly Draft[], metric = FUNNEL) {
  const users = [...new Set(drafts.map(({ userId }) => userId ?? ''))];
  const rows = await count([...users.map((user) => exposure(user, 'control', 1)), ...drafts], { metrics: [metric] });
  const matured = rows.find(({ part }) => part === 'matured');
  return [matured?.sum_y, matured?.units, matured?.sum_d];
}

test('a unit reaches the end of a funnel by its steps in their order', async () => {
  const whole = [opened('u1', 1.1), attempted('u1', 1.2), succeeded('u1', 1.3)];
  const backwards = [succeeded('u2', 1.1), attempted('u2', 1.2), opened('u2', 1.3)];
  const without = [opened('u3', 1.1), succeeded('u3', 1.3)];
  const otherMethod = [opened('u4', 1.1), attempted('u4', 1.2), succeeded('u4', 1.3, { method: 'card' })];
  assert.deepEqual(await reached([...whole, ...backwards, ...without, ...otherMethod]), [1, 4, null]);
});

test('a step that comes again later counts, as long as what follows comes after it', async () => {
  // The first attempt is before the opening; the second one is after it.
  assert.deepEqual(
    await reached([attempted('u1', 1.1), opened('u1', 1.2), attempted('u1', 1.3), succeeded('u1', 1.4)]),
    [1, 1, null],
  );
});

test('steps of one moment are in the order of the log', async () => {
  const inOrder = [opened('u1', 1.5), attempted('u1', 1.5), succeeded('u1', 1.5)];
  const reversed = [succeeded('u2', 1.5), attempted('u2', 1.5), opened('u2', 1.5)];
  assert.deepEqual(await reached([...inOrder, ...reversed]), [1, 2, null]);
});

test('one event is one step only, also where two steps are of one kind', async () => {
  const twice: MetricDefinition = {
    ...FUNNEL,
    event: 'deposit_opened',
    steps: [{ event: 'deposit_opened', where: [] }],
  };
  assert.deepEqual(await reached([opened('u1', 1.1), opened('u2', 1.1), opened('u2', 1.2)], twice), [1, 2, null]);
});

test('steps outside the window do not count', async () => {
  const before = [opened('u1', 0.9), attempted('u1', 1.2), succeeded('u1', 1.3)];
  const after = [opened('u2', 1.1), attempted('u2', 1.2), succeeded('u2', 3)];
  assert.deepEqual(await reached([...before, ...after]), [0, 2, null]);
});

test('a conversion is a share of the units that reached the given step', async () => {
  const drafts = [
    ...[opened('u1', 1.1), attempted('u1', 1.2), succeeded('u1', 1.3)],
    ...[opened('u2', 1.1), attempted('u2', 1.2)],
    ...[opened('u3', 1.1)],
    ...[attempted('u4', 1.1)],
  ];
  assert.deepEqual(await reached(drafts, { ...FUNNEL, givenStep: 1 }), [1, 4, 3]);
  assert.deepEqual(await reached(drafts, { ...FUNNEL, givenStep: 2 }), [1, 4, 2]);
});

test('a funnel stands beside other metrics, capped at a percentile or not', async () => {
  const drafts = [exposure('u1', 'control', 1), opened('u1', 1.1), attempted('u1', 1.2), succeeded('u1', 1.3)];
  const capped: MetricDefinition = { ...DEPOSITED, capPercentile: 90, covariateMs: DAY_MS };
  const rows = await count(drafts, { metrics: [capped, FUNNEL, { ...FUNNEL, givenStep: 1 }] });
  assert.deepEqual(
    rows.filter(({ part }) => part === 'matured').map(({ metric, sum_y }) => [metric, sum_y]),
    [
      [0, 1],
      [1, 1],
      [2, 1],
    ],
  );
});
