import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NotFoundError } from '../control-store/port.ts';
import { parseDefinitions } from '../definitions/parse.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import type { EventBatch } from '../event-bus/port.ts';
import { experimentRecord } from '../scorecard/testing/inputs.ts';
import { openDuckDb, type DuckDbWarehouse } from '../warehouse/duckdb.ts';
import { createJudge, type JudgeParts } from './judge.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 3, 1);
const UNITS = 4_000;

const DOCUMENTS = `
kind: metric
key: success_rate
owner: payments
description: Deposits that succeed, of those that are tried.
type: ratio
event: deposit_succeeded
denominator: { event: deposit_attempted }
window: 1h
goodDirection: increase
valueUnit: share of attempts
---
kind: experiment
key: provider
hypothesis: The new provider fails less often.
owner: payments
variants:
  - { key: control, value: old, weight: 50 }
  - { key: treatment, value: new, weight: 50 }
segments: [device]
metrics: { primary: success_rate }
stopping: { rule: group-sequential, looks: 4 }
ramp: { stages: [{ percent: 100, hold: 1d }] }
runtime: { minimum: 1d, maximum: 8d }
`;

interface Attempts {
  readonly variant: 'control' | 'treatment';
  readonly device: string;
  readonly exposedAtMs: number;
  readonly tried: number;
  readonly succeeded: number;
}

/** Users who try one to three times; the treatment helps on Android and hurts on iOS. */
function attempts(): Attempts[] {
  const random = seededRandom(7);
  return Array.from({ length: UNITS }, (_, unit) => {
    const variant = unit % 2 === 0 ? 'control' : 'treatment';
    const device = unit % 8 < 6 ? 'android' : 'ios';
    const tried = 1 + Math.floor(3 * random.uniform());
    const lift = variant === 'control' ? 0 : device === 'android' ? 0.15 : -0.2;
    let succeeded = 0;
    for (let attempt = 0; attempt < tried; attempt += 1) succeeded += random.bernoulli(0.6 + lift);
    return { variant, device, exposedAtMs: START_MS + unit * 150_000, tried, succeeded };
  });
}

const ATTEMPTS = attempts();

function eventsOf(): EventBatch['events'] {
  const events: EventBatch['events'][number][] = [];
  const push = (userId: string, eventType: string, timestampMs: number, more: object): void => {
    const envelope = { schemaVersion: 1, anonymousId: null, serviceName: 'test', decisionId: null };
    const none = { experimentKey: null, epoch: null, variant: null, properties: {} };
    const eventId = `event-${events.length}`;
    const where = { ingestedAtMs: timestampMs, offset: BigInt(events.length) };
    events.push({ ...envelope, ...none, eventId, userId, eventType, timestampMs, ...where, ...more });
  };
  for (const [unit, { variant, device, exposedAtMs, tried, succeeded }] of ATTEMPTS.entries()) {
    const userId = `u${unit}`;
    const properties = { reason: 'REASON_SPLIT', unit_type: 'user', unit_id: userId, segments: { device } };
    push(userId, 'exposure', exposedAtMs, { experimentKey: 'provider', epoch: 1, variant, properties });
    for (let n = 1; n <= tried; n += 1) push(userId, 'deposit_attempted', exposedAtMs + n * 60_000, {});
    for (let n = 1; n <= succeeded; n += 1) push(userId, 'deposit_succeeded', exposedAtMs + n * 60_000 + 1_000, {});
  }
  return events;
}

let warehouse: DuckDbWarehouse;
before(async () => {
  warehouse = await openDuckDb({ file: ':memory:' });
  await warehouse.appendEvents({ partition: 0, events: eventsOf(), nextOffset: 1_000_000n });
});
after(async () => {
  await warehouse.close();
});

function judgeAt(days: number) {
  const definitions = parseDefinitions(DOCUMENTS, 'documents');
  const controlStore: JudgeParts['controlStore'] = {
    getExperiment: (key) => Promise.resolve(experimentRecord({ key, enrolledAtMs: START_MS })),
    getDefinition: ((kind: string, key: string) => {
      const definition = definitions.find((each) => each.kind === kind && each.key === key);
      if (definition === undefined) return Promise.reject(new NotFoundError(`there is no ${kind} ${key}`));
      return Promise.resolve({ definition, version: 1, createdBy: 'test', createdAtMs: START_MS });
    }) as JudgeParts['controlStore']['getDefinition'],
  };
  return createJudge({ warehouse, controlStore, clock: () => START_MS + days * DAY_MS })('provider');
}

/** Ratio of the totals, and its standard error over users, by the delta method's own words. */
function ratioBy(variant: Attempts['variant'], untilMs: number) {
  const units = ATTEMPTS.filter((unit) => unit.variant === variant && unit.exposedAtMs + HOUR_MS <= untilMs);
  const total = (of: (unit: Attempts) => number): number => units.reduce((sum, unit) => sum + of(unit), 0);
  const ratio = total(({ succeeded }) => succeeded) / total(({ tried }) => tried);
  const meanTried = total(({ tried }) => tried) / units.length;
  const residuals = total(({ succeeded, tried }) => ((succeeded - ratio * tried) / meanTried) ** 2);
  return { count: units.length, ratio, standardError: Math.sqrt(residuals / (units.length - 1) / units.length) };
}

test('before the first look there is no effect, and the card says when it will be', async () => {
  const card = await judgeAt(1.9);
  assert.equal(card.verdict, 'keep-running');
  assert.deepEqual([card.readouts, card.look, card.segments], [[], null, []]);
  assert.match(card.summary, /not read before the first of 4 looks, 2026-04-03T00:00:00.000Z/);
});

test('a ratio is read at its look, on the outcomes until then, whenever one asks', async () => {
  const atMs = START_MS + 2 * DAY_MS;
  const [control, treatment] = [ratioBy('control', atMs), ratioBy('treatment', atMs)];
  const cards = [await judgeAt(2), await judgeAt(3.5)];
  for (const card of cards) {
    assert.deepEqual(card.look, { look: 1, looks: 4, atMs, isLast: false });
    const [primary] = card.readouts;
    assert.ok(primary !== undefined);
    assert.deepEqual([primary.controlUnits, primary.variantUnits], [control.count, treatment.count]);
    assert.ok(Math.abs(primary.absolute.estimate - (treatment.ratio - control.ratio)) < 1e-9);
    // O'Brien-Fleming's spending allows |z| ≥ 4.3326 at a quarter; Student's quantile of that level is a little further out.
    const half = (primary.absolute.upper - primary.absolute.lower) / 2;
    const critical = half / Math.hypot(control.standardError, treatment.standardError);
    assert.ok(critical > 4.33 && critical < 4.4, `${critical}`);
  }
  assert.deepEqual(cards[0]?.readouts, cards[1]?.readouts);
});

test('the last look: a ship that says for whom it is worse', async () => {
  const card = await judgeAt(8);
  assert.equal(card.verdict, 'ship', card.summary);
  assert.deepEqual([card.look?.look, card.look?.isLast], [4, true]);
  assert.match(card.summary, /Worse for device = ios \(−\d+\.\d+ %\)/);
  assert.deepEqual(
    card.segments.map(({ value, isHarmed }) => [value, isHarmed]),
    [
      ['ios', true],
      ['android', false],
    ],
  );
});
