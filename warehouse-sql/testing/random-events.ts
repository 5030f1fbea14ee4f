import fc, { type Arbitrary } from 'fast-check';
import type { MetricDefinition } from '../../definitions/metric.ts';
import type { JsonObject, JsonValue } from '../../event-bus/event.ts';
import { DAY_MS, DEPOSITED, KEY, START_MS, type Draft } from './small-warehouse.ts';

/** Few, so that units cross, events tie and users share devices; some need more than ASCII, or more than one code unit. */
const UNITS = ['u1', 'u2', 'ü', '用户', '𝒖', 'U1', ''];
const DEVICES = ['d1', 'd2', 'u1'];
const VARIANTS = ['control', 'retry', 'größer'];
export const SEGMENTS = ['os', 'region'];
export const EVENT_TYPES = ['deposit_succeeded', 'contest_joined'];

/** On a coarse grid, so that windows end exactly where events are; now and then a millisecond beside it. */
const time = fc
  .tuple(fc.integer({ min: -6, max: 24 }), fc.constantFrom(0, 0, 0, 1, -1))
  .map(([halfDays, ms]) => START_MS + halfDays * (DAY_MS / 2) + ms);

const someText = fc.constantFrom('upi', 'UPI', 'card', '', 'नमस्ते', "o'clock", 'true', '7', '1.5');
const someNumber = fc.oneof(
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(0, 7, 15, 1.5, -0.5, 9_007_199_254_740_991, 1e15, 1e-5, 1e-9, 1e19, 1e20, 1e22),
);
const wrongType: Arbitrary<JsonValue> = fc.constantFrom(null, {}, [], { a: 1 }, ['upi'], [15]);

/** A property that is mostly what it should be. */
function mostly(usual: Arbitrary<JsonValue>): Arbitrary<JsonValue> {
  return fc.oneof(
    { weight: 6, arbitrary: usual },
    { weight: 1, arbitrary: someText },
    { weight: 1, arbitrary: someNumber },
    { weight: 1, arbitrary: fc.boolean() },
    { weight: 1, arbitrary: wrongType },
  );
}

/** An object in which any of the properties may be missing. */
function withSome(properties: Readonly<Record<string, Arbitrary<JsonValue>>>): Arbitrary<JsonObject> {
  const entries = Object.entries(properties).map(([name, value]) =>
    fc.option(
      value.map((drawn) => [name, drawn] as const),
      { freq: 6, nil: null },
    ),
  );
  return fc.tuple(...entries).map((drawn) => Object.fromEntries(drawn.filter((entry) => entry !== null)));
}

const eventId = fc.oneof(
  { weight: 3, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: fc.constantFrom('e1', 'e2', 'e3') },
);
const maybe = (values: readonly string[]): Arbitrary<string | null> =>
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.constant(null) });

const exposure: Arbitrary<Draft> = fc.record({
  eventType: fc.constant('exposure'),
  eventId,
  timestampMs: time,
  experimentKey: fc.constantFrom(KEY, KEY, KEY, 'another', null),
  epoch: fc.constantFrom(1, 1, 1, 2, null),
  variant: maybe(VARIANTS),
  userId: maybe(UNITS),
  anonymousId: maybe(DEVICES),
  properties: withSome({
    unit_id: mostly(fc.constantFrom(...UNITS, ...DEVICES)),
    reason: fc.constantFrom<JsonValue>('REASON_SPLIT', 'REASON_SPLIT', 'REASON_SPLIT', 'REASON_DEFAULT', null, 1),
    segments: fc.oneof(
      { weight: 5, arbitrary: withSome({ os: mostly(fc.constantFrom('android', 'ios')), region: mostly(someText) }) },
      { weight: 1, arbitrary: wrongType },
    ),
  }),
});

const outcome: Arbitrary<Draft> = fc.record({
  eventType: fc.constantFrom(...EVENT_TYPES),
  eventId,
  timestampMs: time,
  userId: maybe(UNITS),
  anonymousId: maybe(DEVICES),
  properties: withSome({
    amount_paise: mostly(someNumber),
    method: mostly(someText),
    team: mostly(fc.constantFrom(...UNITS)),
  }),
});

const link: Arbitrary<Draft> = fc.record({
  eventType: fc.constant('identity_linked'),
  eventId,
  timestampMs: time,
  properties: withSome({
    user_id: mostly(fc.constantFrom(...UNITS)),
    device_id: mostly(fc.constantFrom(...DEVICES)),
  }),
});

/** What the log may hold: nothing, or events in any order, twice, late, of the wrong shape. */
export const randomEvents: Arbitrary<readonly Draft[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: exposure }, { weight: 7, arbitrary: outcome }, { weight: 1, arbitrary: link }),
  { maxLength: 40 },
);

const filter = fc.oneof(
  fc.record({
    property: fc.constantFrom('method', 'amount_paise', 'missing'),
    operator: fc.constantFrom('equals' as const, 'not_equals' as const),
    value: fc.oneof(someText, someNumber, fc.boolean()),
  }),
  fc.record({
    property: fc.constantFrom('amount_paise', 'method'),
    operator: fc.constantFrom('greater_than' as const, 'less_than' as const),
    value: someNumber,
  }),
);

const TYPES = [
  'proportion',
  'count',
  'sum',
  'retention',
  'count_distinct',
  'ratio',
  'mean',
  'funnel',
  'quantile',
] as const;
const PROPERTIES: Partial<Record<MetricDefinition['type'], string>> = {
  sum: 'amount_paise',
  mean: 'amount_paise',
  quantile: 'amount_paise',
  ratio: 'amount_paise',
  count_distinct: 'method',
};

const metric: Arbitrary<MetricDefinition> = fc
  .record({
    type: fc.constantFrom(...TYPES),
    over: fc.constantFrom(...EVENT_TYPES),
    cap: fc.option(fc.constantFrom(1, 2.5), { nil: undefined }),
    capPercentile: fc.option(fc.constantFrom(50.1, 75, 99.5), { nil: undefined, freq: 3 }),
    event: fc.constantFrom(...EVENT_TYPES),
    where: fc.array(filter, { maxLength: 2 }),
    windowMs: fc.constantFrom(1, DAY_MS / 2, DAY_MS, 7 * DAY_MS),
    covariateMs: fc.constantFrom(0, 1, DAY_MS, 14 * DAY_MS),
  })
  .map(({ over, cap, capPercentile, ...changes }) => ({
    ...DEPOSITED,
    ...changes,
    property: PROPERTIES[changes.type] ?? null,
    ...(changes.type === 'ratio'
      ? { denominator: { event: over, property: null, where: changes.where.slice(1) } }
      : {}),
    ...(changes.type === 'funnel' ? { steps: [{ event: over, where: changes.where.slice(1) }], covariateMs: 0 } : {}),
    ...(changes.type === 'funnel' && changes.windowMs > 1 ? { givenStep: 1 } : {}),
    ...(changes.type === 'quantile' ? { quantile: 0.5, covariateMs: 0 } : {}),
    ...(changes.type === 'retention' ? { fromMs: changes.windowMs / 2 } : {}),
    ...(changes.type === 'sum' || changes.type === 'count' ? capOf(cap, capPercentile) : {}),
  }))
  .map(({ fromMs, ...definition }) =>
    fromMs === undefined ? definition : { ...definition, fromMs: Math.floor(fromMs) },
  );

function capOf(cap: number | undefined, capPercentile: number | undefined): Partial<MetricDefinition> {
  if (cap !== undefined) return { cap };
  return capPercentile === undefined ? {} : { capPercentile };
}

export const randomMetrics: Arbitrary<readonly MetricDefinition[]> = fc.array(metric, { minLength: 1, maxLength: 3 });
