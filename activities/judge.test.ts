import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NotFoundError, type ExperimentRecord } from '../control-store/port.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import type { EventBatch } from '../event-bus/port.ts';
import { experimentDefinition, experimentRecord, metricDefinition } from '../scorecard/testing/inputs.ts';
import { openDuckDb, type DuckDbWarehouse } from '../warehouse/duckdb.ts';
import { createJudge, createJudgeTogether, type JudgeParts } from './judge.ts';

type BatchEvent = EventBatch['events'][number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 3, 1);
const EXPOSED_PER_ARM = 4_000;

let warehouse: DuckDbWarehouse;
before(async () => {
  warehouse = await openDuckDb({ file: ':memory:' });
  await warehouse.appendEvents({ partition: 0, events: simulated(), nextOffset: 1_000_000n });
});
after(async () => {
  await warehouse.close();
});

/** Deposits of 40 % of control and 48 % of retry within a day of exposure; on Android, `lossy` loses 3 of 10 exposures of its second arm. */
function simulated(): BatchEvent[] {
  const random = seededRandom(42);
  const events: BatchEvent[] = [];
  const push = (changes: Pick<BatchEvent, 'eventType' | 'timestampMs' | 'properties'> & Partial<BatchEvent>): void => {
    const offset = events.length;
    events.push({
      eventId: `event-${offset}`,
      schemaVersion: 1,
      userId: null,
      anonymousId: null,
      serviceName: 'test',
      experimentKey: null,
      epoch: null,
      variant: null,
      decisionId: null,
      ingestedAtMs: changes.timestampMs,
      offset: BigInt(offset),
      ...changes,
    });
  };
  for (let unit = 0; unit < 2 * EXPOSED_PER_ARM; unit += 1) {
    const userId = `u${unit}`;
    const variant = unit % 2 === 0 ? 'control' : 'retry';
    const device = unit % 4 < 2 ? 'android' : 'ios';
    const exposedAtMs = START_MS + unit * 30_000;
    for (const experimentKey of ['upi_retry', 'lossy']) {
      const isLost = experimentKey === 'lossy' && variant === 'retry' && device === 'android' && random.uniform() < 0.3;
      if (isLost) continue;
      const segments = { device };
      const properties = { reason: 'REASON_SPLIT', unit_type: 'user', unit_id: userId, segments };
      push({ eventType: 'exposure', timestampMs: exposedAtMs, userId, experimentKey, epoch: 1, variant, properties });
    }
    const rate = variant === 'retry' ? 0.48 : 0.4;
    if (random.uniform() < 0.4)
      push({ eventType: 'deposit_succeeded', timestampMs: exposedAtMs - HOUR_MS, userId, properties: {} });
    if (random.uniform() < rate)
      push({ eventType: 'deposit_succeeded', timestampMs: exposedAtMs + HOUR_MS, userId, properties: {} });
    if (random.uniform() < 0.2)
      push({ eventType: 'deposit_failed', timestampMs: exposedAtMs + HOUR_MS, userId, properties: {} });
  }
  return events;
}

const METRICS: Readonly<Record<string, MetricDefinition>> = {
  deposited: { ...metricDefinition('deposited', 'increase'), covariateMs: DAY_MS },
  failed: { ...metricDefinition('failed', 'decrease'), event: 'deposit_failed' },
};

interface World {
  readonly days: number;
  readonly record?: Partial<ExperimentRecord>;
  readonly definition?: Partial<ExperimentDefinition>;
}

/** The judge with what the control store would say. */
function judgeIn(world: World) {
  return createJudge(partsOf(world));
}

function partsOf({ days, record, definition }: World): JudgeParts {
  const getDefinition = (kind: string, key: string) => {
    const found = kind === 'metric' ? METRICS[key] : experimentDefinition({ key, ...definition });
    if (found === undefined) return Promise.reject(new NotFoundError(`there is no ${kind} ${key}`));
    return Promise.resolve({ definition: found, version: 1, createdBy: 'test', createdAtMs: START_MS });
  };
  const controlStore: JudgeParts['controlStore'] = {
    getExperiment: (key) => Promise.resolve(experimentRecord({ key, ...record })),
    getDefinition: getDefinition as JudgeParts['controlStore']['getDefinition'],
  };
  return { warehouse, controlStore, clock: () => START_MS + days * DAY_MS };
}

const LOOSE = {
  metrics: { primary: 'deposited', secondary: [], guardrails: [{ metric: 'failed', marginRatio: 0.4 }] },
};

test('events in the warehouse become a verdict with the true effect inside its interval', async () => {
  const card = await judgeIn({ days: 8, definition: LOOSE })('upi_retry');
  assert.equal(card.verdict, 'ship', card.summary);
  assert.equal(card.winningVariant, 'retry');
  const [primary] = card.readouts;
  assert.ok(primary !== undefined);
  assert.ok(primary.absolute.lower < 0.08 && primary.absolute.upper > 0.08);
  assert.deepEqual([primary.controlUnits, primary.variantUnits], [EXPOSED_PER_ARM, EXPOSED_PER_ARM]);
  assert.ok(primary.varianceRemovedRatio !== null && Math.abs(primary.varianceRemovedRatio) < 0.01);
  assert.deepEqual(
    card.split?.counts.map(({ units }) => units),
    [EXPOSED_PER_ARM, EXPOSED_PER_ARM],
  );
  assert.deepEqual(card.leftOut.immatureUnits, { deposited: 0, failed: 0 });
});

test('a split that loses Android exposures of one arm shows no number and names Android', async () => {
  const card = await judgeIn({ days: 8, definition: LOOSE })('lossy');
  assert.equal(card.verdict, 'invalid');
  assert.deepEqual(card.readouts, []);
  assert.deepEqual(
    card.split?.suspectSegments.map(({ attribute, value }) => [attribute, value]),
    [['device', 'android']],
  );
  assert.match(card.summary, /most wrong where device is android/);
});

test('what is not mature yet is counted and not read', async () => {
  // By noon of the second day, 36 hours: one unit each 30 s, those of the first 12 hours have matured.
  const card = await judgeIn({ days: 1.5, definition: LOOSE })('upi_retry');
  const exposed = (36 * 3_600) / 30 + 1;
  const matured = (12 * 3_600) / 30 + 1;
  assert.deepEqual(card.leftOut.immatureUnits, { deposited: exposed - matured, failed: exposed - matured });
  assert.notEqual(card.verdict, 'ship');
});

test('after the analysis closed the scorecard stands still', async () => {
  const record = { analysisClosedAtMs: START_MS + 2 * DAY_MS };
  const [then, later] = await Promise.all([
    judgeIn({ days: 2, definition: LOOSE })('upi_retry'),
    judgeIn({ days: 300, definition: LOOSE, record })('upi_retry'),
  ]);
  assert.deepEqual({ ...later, computedAtMs: 0 }, { ...then, computedAtMs: 0 });
});

test('an epoch without events has no numbers; a metric that is not stored is an error', async () => {
  const card = await judgeIn({ days: 8, record: { epoch: 9 } })('upi_retry');
  assert.equal(card.verdict, 'keep-running');
  assert.deepEqual(card.readouts, []);
  const definition = { metrics: { primary: 'unknown', secondary: [], guardrails: [] } };
  await assert.rejects(judgeIn({ days: 8, definition })('upi_retry'), NotFoundError);
});

test('experiments that are judged together are judged as by themselves, and one that cannot be fails alone', async () => {
  const world: World = { days: 8, definition: LOOSE };
  const parts = partsOf(world);
  const controlStore: JudgeParts['controlStore'] = {
    ...parts.controlStore,
    getExperiment: (key) =>
      key === 'gone'
        ? Promise.reject(new NotFoundError(`there is no experiment ${key}`))
        : parts.controlStore.getExperiment(key),
  };
  const judge = await createJudgeTogether({ ...parts, controlStore })(['upi_retry', 'gone', 'lossy']);
  for (const key of ['upi_retry', 'lossy']) assert.deepEqual(await judge(key), await judgeIn(world)(key));
  await assert.rejects(judge('gone'), /there is no experiment gone/);
  await assert.rejects(judge('another'), /is not among the experiments/);
});
