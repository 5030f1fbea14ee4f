import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event as WireEvent } from '@third-umpire/proto/umpire/events/v1/events';
import fc from 'fast-check';
import { pino } from 'pino';
import { readAll } from '../../event-bus/contract/collector.ts';
import type { Event } from '../../event-bus/event.ts';
import type { EventBus, PublishResult } from '../../event-bus/port.ts';
import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import { eventToWire, publishFromWire } from '../../event-bus/wire.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { outcome, OUTCOME_REGISTRY } from './outcomes.ts';

const SEED = 20_260_401;
const FIELD =
  /^(event|event_id|event_type|schema_version|user_id|anonymous_id|timestamp|service_name|experiment_key|epoch|variant|decision_id|properties)\b[^]*: /;

const anything = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.double(),
  fc.constantFrom('', '\0', '\ud800', ' ', '__proto__', "'; DROP TABLE event_log_events; --", '{{}}', '\\u0000'),
);
const fieldName = fc.constantFrom(...Object.keys(outcome(0, 0)), 'extra', '__proto__');
const propertyName = fc.oneof(
  fc.constantFrom('sequence', 'amount_paise', '__proto__', 'constructor'),
  fc.string({ unit: 'binary' }),
);

/** A good event with up to two things wrong: a field or a property that holds anything. */
const damage = fc.record({
  fields: fc.array(fc.tuple(fieldName, anything), { maxLength: 2 }),
  properties: fc.array(fc.tuple(propertyName, anything), { maxLength: 2 }),
});

test('thousands of malformed events: each is accepted or kept with a reason that names its field, and none is lost', async (t) => {
  const { bus, close } = await openParts();
  t.after(close);
  const sent = fc.sample(damage, { numRuns: 6_000, seed: SEED }).map(({ fields, properties }, index): unknown => {
    const good = outcome(0, index);
    const damaged = Object.fromEntries([...Object.entries(good.properties), ...properties]);
    // What a caller without types may send.
    return Object.fromEntries([...Object.entries({ ...good, properties: damaged }), ...fields]);
  });
  const results: PublishResult[] = [];
  for (let start = 0; start < sent.length; start += 200) {
    results.push(...(await bus.publish(sent.slice(start, start + 200) as Event[])));
  }
  await assertNothingLost(bus, sent.length, results);

  const warehouse = await openDuckDb({ file: ':memory:' });
  t.after(() => warehouse.close());
  const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'silent' }) });
  await ingest.caughtUp();
  await ingest.stop();
  const { rows, duplicates, failures } = ingest.statistics();
  assert.equal(rows + duplicates, results.filter(({ status }) => status === 'accepted').length);
  assert.equal(failures, 0);
});

test('thousands of damaged wire messages: what decodes is accepted or kept, and the rest is refused by the decoder', async (t) => {
  const { bus, close } = await openParts();
  t.after(close);
  const messages: WireEvent[] = [];
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 });
  for (const [index, changes] of fc.sample(flips, { numRuns: 4_000, seed: SEED }).entries()) {
    const bytes = WireEvent.encode(eventToWire(outcome(0, index))).finish();
    for (const [place, value] of changes) bytes[place % bytes.length] = value;
    try {
      messages.push(WireEvent.decode(bytes));
    } catch (error) {
      assert.ok(error instanceof Error);
    }
  }
  assert.ok(messages.length > 1_000);
  const results: PublishResult[] = [];
  for (let start = 0; start < messages.length; start += 200) {
    const batch = messages.slice(start, start + 200);
    const acknowledged = await publishFromWire(bus, batch);
    assert.deepEqual(
      acknowledged.map(({ eventId }) => eventId),
      batch.map(({ eventId }) => eventId),
    );
    results.push(...acknowledged);
  }
  await assertNothingLost(bus, messages.length, results);
});

async function openParts(): Promise<{ bus: EventBus; close(): Promise<void> }> {
  const postgres = await startTestPostgres();
  const bus = await openEventLog({ url: postgres.url, registry: OUTCOME_REGISTRY });
  return {
    bus,
    close: async () => {
      await bus.close();
      await postgres.stop();
    },
  };
}

async function assertNothingLost(bus: EventBus, sent: number, results: readonly PublishResult[]): Promise<void> {
  assert.equal(results.length, sent);
  const refused = results.filter((result) => result.status === 'dead-lettered');
  for (const { reason } of refused) assert.match(reason, FIELD);
  const stored = (await readAll(bus)).flatMap(({ events }) => events);
  const letters = await bus.deadLetters({ limit: sent + 1 });
  assert.equal(stored.length, sent - refused.length);
  const kept = letters.map(({ reason }) => reason).toSorted();
  const told = refused.map(({ reason }) => reason).toSorted();
  assert.equal(kept.length, told.length);
  // One by one, since a difference of thousands is not readable.
  for (const [index, reason] of kept.entries()) assert.equal(reason, told[index]);
  assert.ok(
    stored.length > sent / 20 && refused.length > sent / 20,
    `${stored.length} stored, ${refused.length} refused`,
  );
}
