import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { OpenBus } from '../contract.ts';
import { readAll } from './collector.ts';
import { newLog, PARTITION_COUNT } from './fixture.ts';
import { sampleEvent, sampleEvents } from './sample-events.ts';

export function describePublishing(openBus: OpenBus): void {
  describe('publishing and reading', () => {
    test('what was acknowledged is there for every client, as it was sent', async (t) => {
      const open = newLog(t, openBus);
      const bus = await open();
      assert.equal(bus.partitionCount, PARTITION_COUNT);
      const sent = sampleEvent('user-1', 7, {
        experimentKey: 'upi_retry',
        epoch: 2,
        variant: 'treatment',
        decisionId: 'd-1',
        properties: { sequence: 7, contest: 'மெகா "quoted" \\ back\nslash 🏏' },
      });
      assert.deepEqual(await bus.publish([sent]), [{ eventId: sent.eventId, status: 'accepted' }]);
      const other = await open();
      const events = (await readAll(other)).flatMap((batch) => batch.events);
      assert.equal(events.length, 1);
      const [{ offset, ingestedAtMs, ...stored } = assert.fail()] = events;
      assert.deepEqual(stored, sent);
      assert.ok(offset >= 0n && ingestedAtMs > Date.UTC(2020, 0, 1));
    });

    test('results come in the order of the events, and what does not fit is kept with the reason', async (t) => {
      const bus = await newLog(t, openBus)();
      const unknown = sampleEvent('user-1', 2, { eventType: 'contest_left' });
      const missing = sampleEvent('user-1', 3, { properties: {} });
      const misspelt = sampleEvent('user-1', 4, { properties: { sequence: 4, contst: 'x' } });
      const results = await bus.publish([
        sampleEvent('user-1', 1),
        unknown,
        missing,
        misspelt,
        sampleEvent('user-1', 5),
      ]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ['accepted', 'dead-lettered', 'dead-lettered', 'dead-lettered', 'accepted'],
      );
      const letters = await bus.deadLetters({ limit: 10 });
      assert.deepEqual(
        letters.map(({ payload }) => payload['eventId']).toSorted(),
        [unknown, missing, misspelt].map(({ eventId }) => eventId).toSorted(),
      );
      const reasonOf = (id: string): string => letters.find(({ payload }) => payload['eventId'] === id)?.reason ?? '';
      assert.match(reasonOf(unknown.eventId), /^event_type: "contest_left" is not registered; add its schema/);
      assert.match(
        reasonOf(missing.eventId),
        /^properties\.sequence: required by contest_joined version 1 but missing/,
      );
      assert.match(reasonOf(misspelt.eventId), /^properties\.contst: not declared/);
    });

    test('something that never was an event is kept, the newest first', async (t) => {
      const bus = await newLog(t, openBus)();
      await bus.deadLetter([{ reason: 'timestamp: is missing', payload: { eventId: 'x' } }]);
      await bus.deadLetter([{ reason: 'event_id: \0 half \ud800', payload: { bytes: '\0\ud800' } }]);
      const letters = await bus.deadLetters({ limit: 1 });
      assert.equal(letters.length, 1);
      assert.match(letters[0]?.reason ?? '', /^event_id: /);
      assert.equal((await bus.deadLetters({ limit: 10 })).length, 2);
      assert.equal((await readAll(bus)).flatMap((batch) => batch.events).length, 0);
    });

    test('an empty publish is nothing', async (t) => {
      const bus = await newLog(t, openBus)();
      assert.deepEqual(await bus.publish([]), []);
      await bus.deadLetter([]);
      assert.deepEqual([...(await bus.endOffsets()).values()], [0n, 0n, 0n, 0n]);
    });

    test('events of one key are in one partition in the order of publishing; the key is user, anonymous id, event id', async (t) => {
      const open = newLog(t, openBus);
      const [bus, other] = [await open(), await open()];
      const events = sampleEvents(20, 25);
      for (let start = 0; start < events.length; start += 50) {
        await (start % 100 === 0 ? bus : other).publish(events.slice(start, start + 50));
      }
      const partitionOfUser = new Map<string, number>();
      const lastOfUser = new Map<string, number>();
      for (const batch of await readAll(bus)) {
        for (const { userId, properties } of batch.events) {
          assert.equal(partitionOfUser.get(userId ?? '') ?? batch.partition, batch.partition);
          partitionOfUser.set(userId ?? '', batch.partition);
          assert.equal(properties['sequence'], (lastOfUser.get(userId ?? '') ?? -1) + 1);
          lastOfUser.set(userId ?? '', Number(properties['sequence']));
        }
      }
      assert.deepEqual([...lastOfUser.values()], new Array(20).fill(24));
      assert.equal(new Set(partitionOfUser.values()).size, PARTITION_COUNT);
      await bus.publish([
        sampleEvent('user-1', 100, { userId: null, anonymousId: 'user-1' }),
        sampleEvent('user-2', 101, { userId: null, anonymousId: null }),
      ]);
      const tail = (await readAll(bus)).flatMap(({ partition, events }) =>
        events.map((event) => ({ partition, event })),
      );
      assert.equal(tail.find(({ event }) => event.anonymousId === 'user-1')?.partition, partitionOfUser.get('user-1'));
      assert.ok(tail.some(({ event }) => event.userId === null && event.anonymousId === null));
    });

    test('publishing without waiting keeps the order of a key too', async (t) => {
      const bus = await newLog(t, openBus)();
      await Promise.all(Array.from({ length: 200 }, (_, sequence) => bus.publish([sampleEvent('user-1', sequence)])));
      const sequences = (await readAll(bus))
        .flatMap((batch) => batch.events)
        .map(({ properties }) => properties['sequence']);
      assert.deepEqual(
        sequences,
        Array.from({ length: 200 }, (_, sequence) => sequence),
      );
    });

    test('the log can be read again from any position, in runs of any length', async (t) => {
      const bus = await newLog(t, openBus)();
      await bus.publish(sampleEvents(8, 20));
      const partitions = await readAll(bus);
      const position = fc.record({
        partition: fc.nat({ max: PARTITION_COUNT - 1 }),
        start: fc.nat({ max: 60 }),
        length: fc.integer({ min: 1, max: 60 }),
      });
      await fc.assert(
        fc.asyncProperty(position, async ({ partition, start, length }) => {
          const all = partitions[partition]?.events ?? [];
          const from = all[start]?.offset;
          if (from === undefined) return;
          const batch = await bus.read(partition, from, length);
          assert.deepEqual(batch.events, all.slice(start, start + length));
          assert.equal(batch.nextOffset, (batch.events.at(-1)?.offset ?? -1n) + 1n);
        }),
        { numRuns: 40, seed: 20260401 },
      );
      for (const { partition, nextOffset } of partitions) {
        assert.deepEqual(await bus.read(partition, nextOffset, 10), { partition, events: [], nextOffset });
      }
    });

    test('a closed bus refuses by name', async (t) => {
      const bus = await newLog(t, openBus)();
      await bus.close();
      await assert.rejects(bus.publish([sampleEvent('user-1', 1)]), /closed/);
      await bus.close();
    });
  });
}
