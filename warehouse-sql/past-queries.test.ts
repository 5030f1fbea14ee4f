import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { MetricDefinition } from '../definitions/metric.ts';
import { startGoogleSql, type GoogleSql } from '../tests/support/googlesql/googlesql.ts';
import { RAW_EVENTS } from '../warehouse/bigquery/tables.ts';
import type { Row } from '../warehouse/port.ts';
import { bigQuery, duckDb, type Dialect, type TypedStatement } from './dialect.ts';
import {
  pastArrivalsQuery,
  pastClustersQuery,
  pastSlotsQuery,
  pastSpanQuery,
  pastStatisticsQuery,
  pastUnitsQuery,
  type PastUnits,
} from './past-queries.ts';
import { randomEvents, randomMetrics } from './testing/random-events.ts';
import { day, DAY_MS, deposit, DEPOSITED, fill, rawEvent, type Draft } from './testing/small-warehouse.ts';

let googleSql: GoogleSql;
before(async () => {
  googleSql = await startGoogleSql();
});
after(() => googleSql.stop());

const visit = (user: string, days: number, changes: Partial<Draft> = {}): Draft => ({
  eventType: 'session_started',
  timestampMs: day(days),
  userId: user,
  properties: {},
  ...changes,
});
const linked = (user: string, device: string, days: number): Draft => ({
  eventType: 'identity_linked',
  timestampMs: day(days),
  properties: { user_id: user, device_id: device },
});
const PAST: PastUnits = { unitType: 'user', beganWith: null, fromMs: day(10), untilMs: day(20) };
const WITH_COVARIATE: MetricDefinition = { ...DEPOSITED, covariateMs: 5 * DAY_MS };

/** y and x of each unit, with the day on which it began. */
async function units(
  drafts: readonly Draft[],
  past: PastUnits,
  metric: MetricDefinition = WITH_COVARIATE,
): Promise<(readonly [number, unknown, unknown])[]> {
  const warehouse = await fill(drafts);
  const rows = await warehouse.query(pastUnitsQuery(duckDb, past, [metric]));
  return rows.map((row) => [(Number(row['began_ms']) - day(0)) / DAY_MS, row['y_0'], row['x_0']]);
}

test('a unit begins with its first event in the time; the metric follows, its covariate is from before', async () => {
  const drafts = [
    deposit('u1', 7, 5),
    deposit('u1', 9.5, 7),
    visit('u1', 11),
    visit('u1', 10.5),
    deposit('u1', 10.5, 11),
    deposit('u1', 12.4, 13),
    deposit('u1', 12.5, 17),
    deposit('u1', 5, 19),
  ];
  assert.deepEqual(await units(drafts, PAST), [[10.5, 24, 12]]);
});

test('units that did nothing in the time, or nothing of the kind, are none', async () => {
  const drafts = [visit('early', 9.9), visit('late', 20), deposit('other', 12, 3), visit('u1', 15)];
  assert.deepEqual(await units(drafts, PAST), [
    [12, 3, 0],
    [15, 0, 0],
  ]);
  assert.deepEqual(await units(drafts, { ...PAST, beganWith: 'session_started' }), [[15, 0, 0]]);
});

test('a user belongs to the device that he is linked to, and a link is no event of his', async () => {
  const drafts = [
    linked('u1', 'd1', 11),
    visit('u1', 13, { anonymousId: 'd2' }),
    { ...deposit(null, 12, 3), anonymousId: 'd1' },
  ];
  assert.deepEqual(await units(drafts, PAST), [[12, 3, 0]]);
});

test('the statistics are those of the units whose window closed', async () => {
  const warehouse = await fill([visit('u1', 12), deposit('u1', 13, 10), visit('u2', 17.9), visit('u3', 18.1)]);
  const rows = await warehouse.query(pastStatisticsQuery(duckDb, PAST, [DEPOSITED]));
  const matured = rows.filter(({ part }) => part === 'matured');
  assert.deepEqual(
    matured.map(({ variant, units: count, sum_y, sum_yy }) => [variant, count, sum_y, sum_yy]),
    [['all', 2, 10, 100]],
  );
});

test('arrivals are counted by UTC day, and the span is that of all events', async () => {
  const warehouse = await fill([
    visit('u1', 11.9),
    visit('u2', 11.1),
    visit('u3', 13),
    visit('u1', 13),
    visit('u4', 2),
  ]);
  assert.deepEqual(await warehouse.query(pastArrivalsQuery(duckDb, PAST)), [
    { day_ms: day(11), units: 2 },
    { day_ms: day(13), units: 1 },
  ]);
  assert.deepEqual(await warehouse.query(pastSpanQuery(duckDb)), [{ first_ms: day(2), last_ms: day(13) }]);
});

test('slots add up what happened in each region', async () => {
  const at = (days: number, city: string, amount: number): Draft =>
    deposit('u1', days, amount, { properties: { team: city } });
  const drafts = [
    at(10, 'a', 1),
    at(10.4, 'a', 2),
    at(10.5, 'a', 4),
    at(19.9, 'b', 8),
    at(9.9, 'a', 16),
    at(20, 'b', 32),
  ];
  const warehouse = await fill([...drafts, deposit('u1', 12, 64)]);
  const slots = { region: 'team', fromMs: day(10), untilMs: day(20), slotMs: DAY_MS / 2 };
  assert.deepEqual(await warehouse.query(pastSlotsQuery(duckDb, slots, DEPOSITED)), [
    { region: 'a', slot_ms: day(10), total: 3 },
    { region: 'a', slot_ms: day(10.5), total: 4 },
    { region: 'b', slot_ms: day(19.5), total: 8 },
  ]);
  assert.throws(() => pastSlotsQuery(duckDb, slots, { ...DEPOSITED, type: 'proportion' }), RangeError);
});

test('units are added up within the cluster that their first event names', async () => {
  const inTeam = (draft: Draft, team: string): Draft => ({ ...draft, properties: { ...draft.properties, team } });
  const drafts = [
    visit('u1', 11),
    inTeam(visit('u1', 11.5), 'a'),
    inTeam(deposit('u1', 12, 2), 'b'),
    inTeam(deposit('u2', 12, 3), 'a'),
    inTeam(visit('u3', 12), 'b'),
    inTeam(visit('open', 19), 'b'),
    deposit('nobodys', 12, 9),
  ];
  const warehouse = await fill(drafts);
  assert.deepEqual(await warehouse.query(pastClustersQuery(duckDb, PAST, 'team', DEPOSITED)), [
    { cluster: 'a', units: 2, sum_y: 5, sum_yy: 13 },
    { cluster: 'b', units: 1, sum_y: 0, sum_yy: 0 },
  ]);
});

test('a warehouse without events has no span', async () => {
  const warehouse = await fill([]);
  assert.deepEqual(await warehouse.query(pastSpanQuery(duckDb)), [{ first_ms: null, last_ms: null }]);
});

test("on any small data DuckDB counts what Google's reference evaluator counts", async () => {
  const past = fc.record({
    unitType: fc.constantFrom('user', 'device', 'team'),
    beganWith: fc.constantFrom(null, 'deposit_succeeded'),
    fromMs: fc.integer({ min: -2, max: 4 }).map((days) => day(days)),
    untilMs: fc.integer({ min: 5, max: 14 }).map((days) => day(days)),
  });
  await fc.assert(
    fc.asyncProperty(randomEvents, randomMetrics, past, async (drafts, metrics, drawn) => {
      for (const query of [
        (dialect: Dialect): TypedStatement<Row> => pastUnitsQuery(dialect, drawn, metrics),
        (dialect: Dialect): TypedStatement<Row> => pastArrivalsQuery(dialect, drawn),
      ])
        await assertSame(drafts, query);
    }),
    { numRuns: 40, seed: 20_260_401 },
  );
});

async function assertSame(drafts: readonly Draft[], query: (dialect: Dialect) => TypedStatement<Row>): Promise<void> {
  const warehouse = await fill(drafts);
  const embedded = await warehouse.query(query(duckDb));
  const rows = drafts.map((draft, offset) => Object.values(rawEvent(draft, offset)));
  const reference = await googleSql.evaluate(query(bigQuery), [{ ...RAW_EVENTS, rows }]);
  assert.equal(embedded.length, reference.length);
  for (const [index, row] of embedded.entries())
    for (const [name, value] of Object.entries(row)) {
      const other = reference[index]?.[name];
      // Sums of fractions depend on the order of adding them up.
      const tolerance = 1e-9 * Math.max(1, Math.abs(Number(value)));
      assert.ok(
        Math.abs(Number(value) - Number(other)) <= tolerance,
        `${name}: ${String(value)} is not ${String(other)}`,
      );
    }
}
