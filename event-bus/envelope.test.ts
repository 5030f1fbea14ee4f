import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CONTRACT_REGISTRY, sampleEvent } from './contract/sample-events.ts';
import { checkEvent, MAX_PROPERTIES_DEPTH, MAX_PROPERTIES_LENGTH } from './envelope.ts';
import type { Event, JsonValue } from './event.ts';

const reasonOf = (changes: Record<string, unknown>): string => {
  const checked = checkEvent({ ...sampleEvent('u1', 1), ...changes }, CONTRACT_REGISTRY);
  return checked.isValid ? 'valid' : checked.reason;
};

describe('the envelope', () => {
  test('names the field by its wire name and says what is wrong', () => {
    assert.match(reasonOf({ eventId: 'abc' }), /^event_id: must be a UUID$/);
    assert.match(reasonOf({ eventType: 'ContestJoined' }), /^event_type: must be lower snake case/);
    assert.match(reasonOf({ schemaVersion: 0 }), /^schema_version: /);
    assert.match(reasonOf({ userId: '' }), /^user_id: must not be empty; absent is null/);
    assert.match(
      reasonOf({ timestampMs: 1_700_000_000 }),
      /^timestamp: is before the year 2000; it counts milliseconds, not seconds/,
    );
    assert.match(reasonOf({ timestampMs: Number.NaN }), /^timestamp: /);
    assert.match(reasonOf({ serviceName: 7 }), /^service_name: /);
    assert.match(reasonOf({ epoch: -1 }), /^epoch: /);
    assert.match(reasonOf({ properties: [] }), /^properties: must be an object/);
    assert.match(reasonOf({ extra: 1 }), /extra/);
  });

  test('refuses what JSON or a store cannot carry', () => {
    const withContest = (contest: unknown): string => reasonOf({ properties: { sequence: 1, contest } });
    assert.match(withContest(Number.NaN), /^properties\.contest: NaN/);
    assert.match(withContest(1n), /^properties\.contest: bigint is not JSON/);
    assert.match(withContest(undefined), /^properties\.contest: undefined is not JSON/);
    assert.match(withContest(new Date(0)), /^properties\.contest: object is not JSON/);
    assert.match(withContest('a\0b'), /^properties: holds a NUL/);
    assert.match(withContest('a\ud800b'), /^properties: holds a NUL character or half of a surrogate pair/);
    assert.match(reasonOf({ userId: 'a\0b' }), /^user_id: holds a NUL/);
    assert.match(
      withContest('x'.repeat(MAX_PROPERTIES_LENGTH + 5_000)),
      /^properties: \d+ characters of JSON; at most 65536/,
    );
    let deep: JsonValue = 1;
    for (let level = 0; level <= MAX_PROPERTIES_DEPTH; level += 1) deep = [deep];
    assert.match(withContest(deep), /nested deeper than 16 levels/);
    assert.equal(withContest('text that looks like \\u0000 and \\ud800'), 'valid');
  });

  test('writes an id in one spelling, so that a redelivery in other letters is the same event', () => {
    const checked = checkEvent(
      { ...sampleEvent('u1', 1), eventId: 'ABCDEF00-0000-4000-8000-00000000000A' },
      CONTRACT_REGISTRY,
    );
    assert.equal(checked.isValid && checked.event.eventId, 'abcdef00-0000-4000-8000-00000000000a');
  });

  test('takes anything without throwing, and says why it refuses', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['properties'] = cyclic;
    const hostile = {
      get eventId(): string {
        throw new Error('mine');
      },
    };
    for (const candidate of [
      cyclic,
      hostile,
      new Proxy({}, { ownKeys: () => assert.fail('no keys') }),
      null,
      undefined,
      () => 1,
    ]) {
      const checked = checkEvent(candidate, CONTRACT_REGISTRY);
      assert.ok(!checked.isValid && checked.reason !== '');
      JSON.stringify(checked.payload);
    }
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withSparseArray: true,
        }),
        (candidate) => {
          const checked = checkEvent(candidate, CONTRACT_REGISTRY);
          assert.ok(!checked.isValid && checked.reason !== '');
          JSON.stringify(checked.payload);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('what it accepts comes back from its JSON text as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.maxSafeInteger(), (contest, sequence) => {
        const event: Event = sampleEvent('u1', 1, { properties: { sequence, contest } });
        const checked = checkEvent(event, CONTRACT_REGISTRY);
        if (contest.includes('\0')) assert.ok(!checked.isValid);
        else assert.deepEqual(checked.isValid && JSON.parse(checked.json), JSON.parse(JSON.stringify(event)));
      }),
      { numRuns: 1_000 },
    );
  });
});
