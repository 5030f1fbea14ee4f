import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricDefinition } from '../definitions/metric.ts';
import type { ScorecardRow } from './scorecard-queries.ts';
import { count, DAY_MS, deposit, DEPOSITED, exposure, matured, type Draft } from './testing/small-warehouse.ts';

const attempt = (user: string, days: number, properties = {}): Draft => ({
  ...deposit(user, days),
  eventType: 'deposit_attempted',
  properties,
});
const metric = (changes: Partial<MetricDefinition>): MetricDefinition => ({ ...DEPOSITED, ...changes });

function sums(rows: readonly ScorecardRow[]) {
  return rows
    .filter(({ part }) => part === 'matured')
    .map(({ units, sum_y, sum_yy, sum_x, sum_xx, sum_xy, sum_d, sum_dd, sum_yd, sum_xd }) => ({
      units,
      y: [sum_y, sum_yy],
      x: [sum_x, sum_xx, sum_xy],
      d: [sum_d, sum_dd, sum_yd, sum_xd],
    }));
}

test('a ratio has the sums of its numerator, its denominator and the numerator before, with their products', async () => {
  const ratio = metric({
    type: 'ratio',
    covariateMs: DAY_MS,
    denominator: {
      event: 'deposit_attempted',
      property: null,
      where: [{ property: 'is_test', operator: 'equals', value: false }],
    },
  });
  const real = { is_test: false };
  const rows = await count(
    [
      exposure('u1', 'control', 1),
      attempt('u1', 0.5, real), // before the exposure: not in the denominator
      deposit('u1', 0.5, 7), // the covariate
      attempt('u1', 1.5, real),
      attempt('u1', 2.5, real),
      attempt('u1', 2.6, { is_test: true }), // not the denominator's
      attempt('u1', 3, real), // the window has closed
      deposit('u1', 2, 30),
      exposure('u2', 'control', 1),
      attempt('u2', 1.5, real),
      deposit('u2', 0.9, 2),
      exposure('u3', 'control', 1), // nothing at all
    ],
    { metrics: [ratio] },
  );
  // y = (30, 0, 0), d = (2, 1, 0), x = (7, 2, 0)
  assert.deepEqual(sums(rows), [{ units: 3, y: [30, 900], x: [9, 53, 210], d: [3, 5, 60, 16] }]);
});

test('a mean averages the events that have the number', async () => {
  const rows = await count(
    [
      exposure('u1', 'control', 1),
      deposit('u1', 1, 10),
      deposit('u1', 2, 20),
      deposit('u1', 2, 0, { properties: { amount_paise: null } }),
      deposit('u1', 2, 0, { properties: { amount_paise: 'much' } }),
      exposure('u2', 'control', 1),
      deposit('u2', 1, 40),
    ],
    { metrics: [metric({ type: 'mean' })] },
  );
  // y = (30, 40), d = (2, 1)
  assert.deepEqual(sums(rows), [{ units: 2, y: [70, 2500], x: [0, 0, 0], d: [3, 5, 100, 0] }]);
});

test('retention asks for an event in its part of the window', async () => {
  const rows = await count(
    [
      exposure('u1', 'control', 1),
      deposit('u1', 1.5), // too early
      exposure('u2', 'control', 1),
      deposit('u2', 2), // the first moment that counts
      deposit('u2', 2.5),
      exposure('u3', 'control', 1),
      deposit('u3', 3), // the window is [2, 3)
    ],
    { metrics: [metric({ type: 'retention', property: null, fromMs: DAY_MS })] },
  );
  assert.deepEqual(matured(rows), ['control: 3, 1, 1']);
});

test('count_distinct counts the values of a property, of any type, and not what is missing', async () => {
  const of = (user: string, method: string | number | null) => deposit(user, 1.5, 1, { properties: { method } });
  const rows = await count(
    [
      exposure('u1', 'control', 1),
      ...['upi', 'card', 'upi', 7, null].map((method) => of('u1', method)),
      exposure('u2', 'control', 1),
    ],
    { metrics: [metric({ type: 'count_distinct', property: 'method' })] },
  );
  assert.deepEqual(matured(rows), ['control: 2, 3, 9']);
});

test("a cap limits a unit's value, of the window and of the time before, and not each event", async () => {
  const rows = await count(
    [
      exposure('u1', 'control', 1),
      deposit('u1', 0.5, 400),
      deposit('u1', 1.5, 30),
      deposit('u1', 2.5, 80),
      exposure('u2', 'control', 1),
      deposit('u2', 1.5, 99),
    ],
    { metrics: [metric({ cap: 100, covariateMs: DAY_MS })] },
  );
  assert.deepEqual(sums(rows), [{ units: 2, y: [199, 19_801], x: [100, 10_000, 10_000], d: [null, null, null, null] }]);
});

test('a percentile cap is one of the units of all variants whose window has closed, and cuts the covariate as well', async () => {
  const capped = metric({ capPercentile: 80, covariateMs: DAY_MS });
  const users = Array.from({ length: 10 }, (_, index) => `u${index}`);
  const rows = await count(
    [
      ...users.flatMap((user, index) => [
        exposure(user, index % 2 === 0 ? 'control' : 'retry', 1),
        deposit(user, 0.5, 100), // the covariate
        deposit(user, 1.5, index + 1),
      ]),
      exposure('open', 'control', 9), // its window is open, so it moves no percentile
      deposit('open', 9.5, 1_000),
    ],
    { metrics: [capped], asOf: 10 },
  );
  // Values 1 to 10: 8 of them are at most 8, so the cap is 8. Control has 1, 3, 5, 7, 8 (of 9), the other 2, 4, 6, 8, 8 (of 10).
  assert.deepEqual(
    sums(rows).map(({ units, y, x }) => [units, y[0], x[0]]),
    [
      [5, 24, 40],
      [5, 28, 40],
    ],
  );
});

test('a percentile cap where no window has closed cuts nothing', async () => {
  const rows = await count([exposure('u1', 'control', 9)], { metrics: [metric({ capPercentile: 99 })], asOf: 10 });
  assert.deepEqual(sums(rows), []);
});

test('a quantile is one of the events of units whose window has closed, with the standard error that unlike units make', async () => {
  const median = metric({ type: 'quantile', quantile: 0.5 });
  // Three units with three events each, which are alike within a unit.
  const values = { u1: [1, 2, 3], u2: [4, 5, 6], u3: [7, 8, 9] };
  const events = Object.entries(values).flatMap(([user, amounts]) => [
    exposure(user, 'control', 1),
    ...amounts.map((amount, index) => deposit(user, 1.1 + index / 10, amount)),
  ]);
  const late = [exposure('late', 'control', 9), deposit('late', 9.5, 1_000)];
  const [row] = sums(await count([...events, ...late], { metrics: [median], asOf: 10 }));
  // Events at or below 5 are 3, 2 and 0 of three each: their share is 5/9, and its standard error √(Σ(b − 5/3)² / 2 / 3) / 3 = 0.294. Between the
  // places 0.206 · 9 and 0.794 · 9 lie the values 2 and 8, so the quantile's is (8 − 2) / 2 = 3.
  const variance = 3 * 3 ** 2;
  assert.equal(row?.units, 3);
  assert.deepEqual(row.y, [15, 2 * variance + 75]);
  assert.deepEqual(row.x, [0, 0, 0]);
});

test('of a quantile of events that are all alike nothing is said', async () => {
  const alike = ['u1', 'u2', 'u3'].flatMap((user) => [exposure(user, 'control', 1), deposit(user, 1.5, 7)]);
  assert.deepEqual(sums(await count(alike, { metrics: [metric({ type: 'quantile', quantile: 0.9 })] })), []);
});
