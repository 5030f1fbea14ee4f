import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event as WireEvent } from '@third-umpire/proto/umpire/events/v1/events';
import fc from 'fast-check';
import { checkEvent } from './envelope.ts';
import type { Event } from './event.ts';
import { createRegistry } from './schemas/registry.ts';
import { eventFromWire, eventToWire, InvalidWireEventError } from './wire.ts';

const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const optionalText = fc.option(text);

const fields = {
  eventId: fc.uuid(),
  eventType: fc.constantFrom('exposure', 'deposit_failed'),
  schemaVersion: fc.integer({ min: 1, max: 100 }),
  userId: optionalText,
  anonymousId: optionalText,
  timestampMs: fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) }),
  serviceName: text,
  experimentKey: optionalText,
  epoch: fc.option(fc.integer({ min: 1, max: 4_294_967_295 })),
  variant: optionalText,
  decisionId: optionalText,
  properties: fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.oneof(fc.boolean(), fc.integer(), text, fc.array(fc.integer(), { maxLength: 3 }), fc.constant(null)),
    { noNullPrototype: true },
  ),
};
const event: fc.Arbitrary<Event> = fc.record(fields, { noNullPrototype: true });

test('an event comes back from the wire as it was', () => {
  fc.assert(
    fc.property(event, (sent) => {
      assert.deepEqual(eventFromWire(WireEvent.decode(WireEvent.encode(eventToWire(sent)).finish())), sent);
    }),
  );
});

test('a timestamp that is missing or out of range is named', () => {
  const message = WireEvent.fromPartial({ eventId: '1', eventType: 'exposure' });
  assert.throws(
    () => eventFromWire(message),
    new InvalidWireEventError('timestamp', 'is missing; say when the event happened'),
  );
  const far = { ...message, timestamp: new Date(Number.NaN) };
  assert.throws(() => eventFromWire(far), /^InvalidWireEventError: timestamp: is outside the range of dates$/);
});

test('properties that hold more than JSON does are refused by field', () => {
  const message = eventToWire({
    eventId: '0190a0b0-0000-7000-8000-000000000001',
    eventType: 'exposure',
    schemaVersion: 1,
    userId: 'u1',
    anonymousId: null,
    timestampMs: Date.UTC(2026, 0, 1),
    serviceName: 'wallet',
    experimentKey: null,
    epoch: null,
    variant: null,
    decisionId: null,
    properties: { amount: Number.NaN },
  });
  const received = eventFromWire(WireEvent.decode(WireEvent.encode(message).finish()));
  const checked = checkEvent(received, createRegistry());
  assert.equal(checked.isValid, false);
  assert.match(checked.isValid ? '' : checked.reason, /^properties\.amount: NaN/);
});
