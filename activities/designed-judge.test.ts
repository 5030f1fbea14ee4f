import { ExperimentStatus, Ruleset, ValueType } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileRuleset } from '@third-umpire/sdk';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import type { EventBatch } from '../event-bus/port.ts';
import { experimentDefinition, experimentRecord, metricDefinition } from '../scorecard/testing/inputs.ts';
import { openDuckDb, type DuckDbWarehouse } from '../warehouse/duckdb.ts';
import { createJudge, type JudgeParts } from './judge.ts';

// From the SDK's decision over events in a warehouse to the verdict: a switchback of hours in five cities for ten days.

type BatchEvent = EventBatch['events'][number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 3, 1);
const DAYS = 10;
/** Rides an hour that the treatment adds to about 20. */
const EFFECT = 4;
const CITIES = ['Pune', 'Nashik', 'Mumbai', 'Thane', 'Nagpur'];

const ruleset = compileRuleset(
  Ruleset.fromPartial({
    version: 1,
    layers: [{ key: 'rides', unitType: 'city', salt: 'layer:rides' }],
    flags: [
      {
        key: 'rides',
        valueType: ValueType.VALUE_TYPE_BOOLEAN,
        variants: [
          { key: 'control', value: false },
          { key: 'retry', value: true },
        ],
        controlVariant: 'control',
        enabled: true,
        rules: [{ key: 'r', outcome: { $case: 'experimentKey', value: 'rides' } }],
      },
    ],
    experiments: [
      {
        key: 'rides',
        flagKey: 'rides',
        layerKey: 'rides',
        epoch: 1,
        status: ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
        variants: ['control', 'retry'].map((variant) => ({ variant, weightBasisPoints: 5_000 })),
        variantSalt: 'variant:rides:1',
        enrolmentSalt: 'enrolment:rides:1',
        reservedBuckets: [{ first: 0, end: 10_000 }],
        enrolledBucketCount: 10_000,
        switchbackWindowMs: HOUR_MS,
      },
    ],
  }),
);

let warehouse: DuckDbWarehouse;
before(async () => {
  warehouse = await openDuckDb({ file: ':memory:' });
  await warehouse.appendEvents({ partition: 0, events: simulated(), nextOffset: 1_000_000n });
});
after(async () => {
  await warehouse.close();
});

/** Rides, and complaints that the treatment makes twice as many. */
function simulated(): BatchEvent[] {
  const random = seededRandom(4);
  const events: BatchEvent[] = [];
  const push = (eventType: string, timestampMs: number, changes: Partial<BatchEvent>): void => {
    events.push({
      eventId: `event-${events.length}`,
      eventType,
      schemaVersion: 1,
      userId: null,
      anonymousId: null,
      serviceName: 'test',
      timestampMs,
      experimentKey: null,
      epoch: null,
      variant: null,
      decisionId: null,
      ingestedAtMs: timestampMs,
      offset: BigInt(events.length),
      properties: {},
      ...changes,
    });
  };
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    for (const [index, city] of CITIES.entries()) {
      const fromMs = START_MS + hour * HOUR_MS;
      const context = { user: `u${hour}`, city };
      const options = { clock: () => fromMs + 20 * 60_000 };
      const decided = ruleset.evaluate('rides', context, options);
      const properties = {
        reason: decided.reason,
        unit_type: decided.unitType ?? '',
        unit_id: ruleset.unitIdOf(decided, context, options) ?? '',
        segments: {},
      };
      const { variant } = decided;
      push('exposure', options.clock(), {
        userId: context.user,
        experimentKey: 'rides',
        epoch: 1,
        variant,
        properties,
      });
      const isTreated = variant === 'retry';
      const rides = Math.round(15 + 3 * index + 2 * random.normal()) + (isTreated ? EFFECT : 0);
      for (let ride = 0; ride < rides; ride += 1) {
        push('ride', fromMs + Math.floor(random.uniform() * HOUR_MS), { properties: { city } });
      }
      const complaints = 2 + (isTreated ? 2 : 0) + random.bernoulli(0.5);
      for (let complaint = 0; complaint < complaints; complaint += 1)
        push('complaint', fromMs, { properties: { city } });
    }
  }
  return events;
}

const METRICS: Readonly<Record<string, MetricDefinition>> = {
  rides: { ...metricDefinition('rides', 'increase'), type: 'count', event: 'ride', windowMs: HOUR_MS },
  complaints: { ...metricDefinition('complaints', 'decrease'), type: 'count', event: 'complaint', windowMs: HOUR_MS },
};

const DESIGN = {
  unit: 'city',
  layer: 'rides',
  segments: [],
  design: { type: 'switchback', region: 'city', windowMs: HOUR_MS, burnInMs: 0 },
  interference: 'passengers share the drivers',
  metrics: { primary: 'rides', secondary: [], guardrails: [] },
} satisfies Partial<ExperimentDefinition>;

function judge(definition: Partial<ExperimentDefinition>, enrolledAtMs = START_MS) {
  const getDefinition = (kind: string, key: string) =>
    Promise.resolve({
      definition: kind === 'metric' ? METRICS[key] : experimentDefinition({ key, ...definition }),
      version: 1,
      createdBy: 'test',
      createdAtMs: START_MS,
    });
  const controlStore: JudgeParts['controlStore'] = {
    getExperiment: (key) => Promise.resolve(experimentRecord({ key, enrolledAtMs })),
    getDefinition: getDefinition as JudgeParts['controlStore']['getDefinition'],
  };
  return createJudge({ warehouse, controlStore, clock: () => START_MS + DAYS * DAY_MS })('rides');
}

test('a switchback ships by its windows, with the true effect inside the interval', async () => {
  const card = await judge(DESIGN);
  assert.equal(card.verdict, 'ship', card.summary);
  const [primary] = card.readouts;
  assert.ok(primary !== undefined);
  const { absolute, method, controlUnits, variantUnits, controlMean } = primary;
  assert.ok(absolute.lower < EFFECT && absolute.upper > EFFECT && absolute.lower > 2, JSON.stringify(absolute));
  assert.equal(controlUnits + variantUnits, DAYS * 24 * CITIES.length);
  assert.ok(Math.abs(controlMean - 21) < 0.5, `${controlMean}`);
  assert.match(
    method,
    /^switchback: .*region and time held fixed, Newey–West over \d+ windows within region, asymptotic/,
  );
  const exposed = card.split?.counts.reduce((sum, { units }) => sum + units, 0);
  assert.equal(exposed, controlUnits + variantUnits, 'the split counts windows');
});

test('a guardrail that is breached by windows stops it', async () => {
  const metrics = { primary: 'rides', secondary: [], guardrails: [{ metric: 'complaints', marginRatio: 0.1 }] };
  const card = await judge({ ...DESIGN, metrics });
  assert.equal(card.verdict, 'do-not-ship');
  assert.match(card.summary, /complaints, retry: \+\d+\.\d+ % \(.*\) is beyond a harm of 10.0 %/);
});

test('a window that had begun before the first enrolment is left out', async () => {
  const card = await judge(DESIGN, START_MS + 1);
  const [primary] = card.readouts;
  assert.equal((primary?.controlUnits ?? 0) + (primary?.variantUnits ?? 0), (DAYS * 24 - 1) * CITIES.length);
  assert.deepEqual(card.leftOut.immatureUnits, { rides: CITIES.length });
});

test('where units affect each other and users were randomized, there is no number', async () => {
  const card = await judge({ interference: DESIGN.interference, metrics: DESIGN.metrics, unit: 'user', segments: [] });
  assert.equal(card.verdict, 'invalid');
  assert.deepEqual(card.readouts, []);
  assert.match(card.summary, /units affect each other \(passengers share the drivers\).*run it as a switchback/);
});

test('a cluster design reads clusters, and five of them are too few', async () => {
  const card = await judge({ ...DESIGN, design: { type: 'cluster', cluster: 'city' } });
  assert.deepEqual(card.readouts, []);
  assert.notEqual(card.verdict, 'ship');
});
