import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricDefinition } from '../definitions/metric.ts';
import { bigQuery, duckDb } from './dialect.ts';
import { scorecardQuery, segmentSplitQuery } from './scorecard-queries.ts';
import {
  count,
  day,
  DAY_MS,
  deposit,
  DEPOSITED,
  exposure,
  fill,
  KEY,
  matured,
  unitsOf,
} from './testing/small-warehouse.ts';

const CONTROL = 'control';
const RETRY = 'retry';

test('a metric adds up the outcomes from the first exposure until its window closes', async () => {
  const rows = await count([
    exposure('u1', CONTROL, 1),
    deposit('u1', 0.999, 7), // before
    deposit('u1', 1, 10), // the moment of exposure counts
    deposit('u1', 2.9, 20),
    deposit('u1', 3, 40), // the window is [1, 3)
    exposure('u2', RETRY, 2),
    deposit('u2', 2.5, 5),
    exposure('u3', RETRY, 2), // without an outcome
    deposit('u9', 2.5, 1000), // never exposed
  ]);
  assert.deepEqual(matured(rows), ['control: 1, 30, 900', 'retry: 2, 5, 25']);
  assert.deepEqual(unitsOf(rows, 'exposed'), { control: 1, retry: 2 });
});

test('units whose window is still open are exposed but not read', async () => {
  const drafts = [exposure('u1', CONTROL, 1), deposit('u1', 1.5), exposure('u2', CONTROL, 1.001), deposit('u2', 1.5)];
  const rows = await count(drafts, { asOf: 3 });
  assert.deepEqual(unitsOf(rows, 'exposed'), { control: 2 });
  assert.deepEqual(matured(rows), ['control: 1, 100, 10000']);
  assert.deepEqual(matured(await count(drafts, { asOf: 2.9 })), []);
});

test('exposures after the analysis closed do not count', async () => {
  const rows = await count([exposure('u1', CONTROL, 1), exposure('u2', RETRY, 4.001)], { asOf: 4 });
  assert.deepEqual(unitsOf(rows, 'exposed'), { control: 1 });
});

test('an event that came twice counts once, as it was first in the log', async () => {
  const rows = await count([
    exposure('u1', CONTROL, 1, { eventId: 'e1' }),
    exposure('u1', CONTROL, 1.1, { eventId: 'e1' }), // sent again, with the time of the new attempt
    deposit('u1', 2, 10, { eventId: 'd1' }),
    deposit('u1', 2, 10, { eventId: 'd1' }),
    deposit('u1', 1.5, 99, { eventId: 'd1' }), // the same id with other content, later in the log
  ]);
  assert.deepEqual(matured(rows), ['control: 1, 10, 100']);
  assert.deepEqual(unitsOf(rows, 'crossed'), { '': 0 });
});

test('an id that comes back days later is another event', async () => {
  const twice = [deposit('u1', 1, 10, { eventId: 'd1' }), deposit('u1', 4.01, 5, { eventId: 'd1' })];
  const rows = await count([exposure('u1', CONTROL, 1), ...twice], {
    metrics: [{ ...DEPOSITED, windowMs: 5 * DAY_MS }],
  });
  assert.deepEqual(matured(rows), ['control: 1, 15, 225']);
});

test('an event that came late counts where it happened, whatever the order of the log', async () => {
  const rows = await count([
    deposit('u1', 2, 10),
    exposure('u1', RETRY, 3, { ingestedAtMs: day(3) }),
    exposure('u1', CONTROL, 1, { ingestedAtMs: day(9) }),
    deposit('u1', 1.5, 5, { ingestedAtMs: day(9) }),
  ]);
  assert.deepEqual(matured(rows), ['control: 1, 15, 225']);
});

test('units that crossed are read in their first variant and counted', async () => {
  const rows = await count([
    exposure('u1', RETRY, 1),
    exposure('u1', CONTROL, 2),
    deposit('u1', 2.5, 10),
    exposure('u2', RETRY, 1),
    exposure('u2', RETRY, 2),
  ]);
  assert.deepEqual(unitsOf(rows, 'exposed'), { retry: 2 });
  assert.deepEqual(unitsOf(rows, 'crossed'), { '': 1 });
  assert.deepEqual(matured(rows), ['retry: 2, 10, 100']);
});

test('at equal times the log decides which exposure was first', async () => {
  const rows = await count([exposure('u1', RETRY, 1), exposure('u1', CONTROL, 1)]);
  assert.deepEqual(unitsOf(rows, 'exposed'), { retry: 1 });
});

test('exposures that are not a random split are no evidence and are counted', async () => {
  const notRandom = (unit: string, reason: string) => exposure(unit, CONTROL, 1, { properties: { reason } });
  const rows = await count([
    notRandom('u1', 'REASON_DEFAULT'),
    notRandom('u2', 'REASON_STALE'),
    notRandom('u3', 'REASON_KILLED'),
    notRandom('u4', 'REASON_DEFAULT'),
    exposure('u4', RETRY, 2), // its evidence begins here
    deposit('u4', 1.5, 10),
    deposit('u4', 2.5, 20),
  ]);
  assert.deepEqual(unitsOf(rows, 'exposed'), { retry: 1 });
  assert.deepEqual(unitsOf(rows, 'not_random'), { '': 4 });
  assert.deepEqual(matured(rows), ['retry: 1, 20, 400']);
});

test('other experiments and other epochs are not mixed in', async () => {
  const rows = await count([
    exposure('u1', CONTROL, 1, { epoch: 2 }),
    exposure('u2', CONTROL, 1, { experimentKey: 'another' }),
    exposure('u3', RETRY, 1),
  ]);
  assert.deepEqual(unitsOf(rows, 'exposed'), { retry: 1 });
});

const LINK = { eventType: 'identity_linked', timestampMs: day(1.2), properties: { user_id: 'u1', device_id: 'd1' } };

test("a linked user's outcomes belong to the device that he is hashed by", async () => {
  const rows = await count([
    exposure('d1', RETRY, 1, { userId: null, anonymousId: 'd1' }),
    LINK,
    deposit(null, 1.1, 1, { anonymousId: 'd1' }), // before the login
    deposit('u1', 1.5, 10, { anonymousId: 'd1' }),
    deposit('u1', 1.6, 100, { anonymousId: 'd2' }), // on another device of his
    deposit('u2', 1.7, 1000, { anonymousId: 'd1' }), // somebody else on a shared phone, who hashes by himself
    exposure('u2', CONTROL, 1),
  ]);
  assert.deepEqual(matured(rows), ['control: 1, 1000, 1000000', 'retry: 1, 111, 12321']);
});

test('outcomes of device experiments belong to the device that they happened on', async () => {
  const rows = await count(
    [
      exposure('d1', RETRY, 1, { userId: null, anonymousId: 'd1' }),
      LINK,
      deposit('u1', 1.5, 10, { anonymousId: 'd1' }),
      deposit('u1', 1.6, 100, { anonymousId: 'd2' }),
      deposit('u1', 1.7, 1000), // no device was told, but he is linked to one
    ],
    { unitType: 'device' },
  );
  assert.deepEqual(matured(rows), ['retry: 1, 1010, 1020100']);
});

test('outcomes of other units name them in a property', async () => {
  const rows = await count(
    [exposure('team-1', RETRY, 1), deposit('u1', 2, 10, { properties: { team: 'team-1' } }), deposit('team-1', 2, 500)],
    { unitType: 'team' },
  );
  assert.deepEqual(matured(rows), ['retry: 1, 10, 100']);
});

test('several metrics are read at once, each with its own events, filters and windows', async () => {
  const metric = (changes: Partial<MetricDefinition>): MetricDefinition => ({ ...DEPOSITED, ...changes });
  const where = (
    property: string,
    operator: 'equals' | 'not_equals' | 'greater_than' | 'less_than',
    value: string | number | boolean,
  ) => metric({ type: 'count', property: null, where: [{ property, operator, value }] });
  const metrics = [
    metric({ type: 'proportion', property: null }),
    metric({ type: 'count', property: null, windowMs: DAY_MS }),
    metric({ event: 'contest_joined', type: 'count', property: null, windowMs: 5 * DAY_MS }),
    where('method', 'equals', 'upi'),
    where('method', 'not_equals', 'upi'),
    where('amount_paise', 'greater_than', 15),
    where('amount_paise', 'less_than', 15),
    where('is_first', 'equals', true),
    where('missing', 'not_equals', 'x'),
    metric({ property: 'method' }),
  ];
  const rows = await count(
    [
      exposure('u1', RETRY, 1),
      deposit('u1', 1.5, 10, { properties: { is_first: true } }),
      deposit('u1', 2.5, 20, { properties: { method: 'card', is_first: 'true' } }),
      { eventType: 'contest_joined', timestampMs: day(4), userId: 'u1', properties: {} },
    ],
    { metrics },
  );
  const sums = metrics.map((_, index) => matured(rows, index)[0]);
  assert.deepEqual(sums, [
    'retry: 1, 1, 1',
    'retry: 1, 1, 1',
    'retry: 1, 1, 1',
    'retry: 1, 1, 1',
    'retry: 1, 1, 1',
    'retry: 1, 1, 1',
    'retry: 1, 1, 1',
    'retry: 1, 1, 1', // the text 'true' is not true
    'retry: 1, 0, 0', // a property that is missing makes no comparison true
    'retry: 1, 0, 0', // a text is no amount
  ]);
});

test('the covariate is the same metric before the exposure, with the cross product', async () => {
  const rows = await count(
    [
      exposure('u1', RETRY, 5),
      deposit('u1', 1.99, 1000), // too early: the covariate covers [2, 5)
      deposit('u1', 2, 3),
      deposit('u1', 4.9, 4),
      deposit('u1', 5.5, 10),
      exposure('u2', RETRY, 5),
      deposit('u2', 3, 2),
      deposit('u2', 6, 20),
    ],
    { metrics: [{ ...DEPOSITED, covariateMs: 3 * DAY_MS }] },
  );
  const { units, sum_y, sum_yy, sum_x, sum_xx, sum_xy } = rows.find(({ part }) => part === 'matured') ?? {};
  assert.deepEqual(
    { units, sum_y, sum_yy, sum_x, sum_xx, sum_xy },
    {
      units: 2,
      sum_y: 30,
      sum_yy: 500,
      sum_x: 9,
      sum_xx: 53,
      sum_xy: 110,
    },
  );
});

test('nothing at all gives no units and no sums', async () => {
  const rows = await count([]);
  assert.deepEqual(unitsOf(rows, 'exposed'), {});
  assert.deepEqual(matured(rows), []);
  assert.deepEqual(unitsOf(rows, 'not_random'), { '': 0 });
});

test('the split by segments uses the first exposure of each unit', async () => {
  const from = (unit: string, variant: string, days: number, segments: Record<string, string | null>) =>
    exposure(unit, variant, days, { properties: { segments } });
  const warehouse = await fill([
    from('u1', CONTROL, 1, { device: 'android', region: 'KA' }),
    from('u1', CONTROL, 2, { device: 'ios', region: 'KA' }),
    from('u2', RETRY, 1, { device: 'android', region: null }),
    from('u3', RETRY, 1, {}),
  ]);
  const analysis = { experimentKey: KEY, epoch: 1, unitType: 'user', asOfMs: day(10) };
  assert.deepEqual(await warehouse.query(segmentSplitQuery(duckDb, analysis, ['device', 'region'])), [
    { attribute: 'device', value: 'android', variant: 'control', units: 1 },
    { attribute: 'device', value: 'android', variant: 'retry', units: 1 },
    { attribute: 'region', value: 'KA', variant: 'control', units: 1 },
  ]);
});

test('values of definitions never become SQL; names that would have to be escaped are refused', () => {
  const evil = "x' OR '1'='1";
  const analysis = { experimentKey: evil, epoch: 1, unitType: 'user', asOfMs: 0 };
  const metric: MetricDefinition = {
    ...DEPOSITED,
    key: evil,
    event: evil,
    where: [{ property: 'method', operator: 'equals', value: evil }],
  };
  for (const dialect of [duckDb, bigQuery]) {
    const { sql, parameters } = scorecardQuery(dialect, analysis, [metric]);
    assert.ok(!sql.includes(evil));
    for (const name of sql.matchAll(dialect.name === 'duckdb' ? /\$([a-z]\w*)/g : /@(\w+)/g))
      assert.ok(Object.hasOwn(parameters, name[1] ?? ''), `${name[0]} has no value`);
    assert.throws(() => scorecardQuery(dialect, analysis, [{ ...metric, property: evil }]), /cannot be a property/);
    assert.throws(() => scorecardQuery(dialect, { ...analysis, unitType: evil }, [metric]), /cannot be a property/);
    assert.throws(() => segmentSplitQuery(dialect, analysis, [evil]), /cannot be a property/);
  }
});
