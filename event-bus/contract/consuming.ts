import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OpenBus } from '../contract.ts';
import type { EventBatch } from '../port.ts';
import { Collector, readAll } from './collector.ts';
import { Gate } from './gate.ts';
import { newLog } from './fixture.ts';
import { sampleEvent, sampleEvents } from './sample-events.ts';

export function describeConsuming(openBus: OpenBus): void {
  describe('consuming', () => {
    test('a consumer sees everything once, in the order of the log, while several publish', async (t) => {
      const open = newLog(t, openBus);
      const [bus, other, third] = [await open(), await open(), await open()];
      const collector = new Collector();
      const consumer = await third.consume({ group: 'everything', maxBatchSize: 37, onBatch: collector.onBatch });
      const publishers = [bus, other, bus, other].map(async (client, publisher) => {
        for (let round = 0; round < 25; round += 1) {
          await client.publish(
            Array.from({ length: 20 }, (_, i) => sampleEvent(`p${publisher}-u${i % 7}`, round * 20 + i)),
          );
        }
      });
      await Promise.all(publishers);
      await consumer.caughtUp();
      assert.equal(collector.events.length, 2_000);
      for (const { partition, events } of await readAll(bus)) {
        const seen = collector.batches.filter((batch) => batch.partition === partition);
        assert.deepEqual(
          seen.flatMap((batch) => batch.events),
          events,
        );
        assert.ok(seen.every((batch) => batch.events.length <= 37));
      }
    });

    test('being caught up covers what was published before the call', async (t) => {
      const bus = await newLog(t, openBus)();
      const collector = new Collector();
      const consumer = await bus.consume({ group: 'caught-up', onBatch: collector.onBatch });
      await consumer.caughtUp();
      for (let round = 1; round <= 5; round += 1) {
        await bus.publish(sampleEvents(5, 2, round * 2));
        await consumer.caughtUp();
        assert.equal(collector.events.length, round * 10);
      }
    });

    test('a batch that fails is given again, whole, until it succeeds; nothing is skipped', async (t) => {
      const bus = await newLog(t, openBus)();
      const collector = new Collector();
      const refused: EventBatch[] = [];
      const attempts: number[] = [];
      await bus.publish(Array.from({ length: 10 }, (_, sequence) => sampleEvent('user-1', sequence)));
      const consumer = await bus.consume({
        group: 'failing',
        maxBatchSize: 5,
        onBatch: async (batch) => {
          if (refused.length < 3) {
            refused.push(batch);
            throw new Error('the warehouse is away');
          }
          await collector.onBatch(batch);
        },
        onError: (error, _batch, attempt) => {
          assert.equal(error.message, 'the warehouse is away');
          attempts.push(attempt);
        },
      });
      await consumer.caughtUp();
      assert.deepEqual(attempts, [1, 2, 3]);
      assert.ok(refused.every((batch) => batch.nextOffset === collector.batches[0]?.nextOffset));
      assert.deepEqual(
        collector.events.map(({ properties }) => properties['sequence']),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      );
    });

    test('a group goes on where it was; another group begins at the beginning', async (t) => {
      const open = newLog(t, openBus);
      const bus = await open();
      await bus.publish(sampleEvents(10, 5));
      const first = new Collector();
      const consumer = await bus.consume({ group: 'going-on', onBatch: first.onBatch });
      await consumer.caughtUp();
      await consumer.stop();
      await bus.publish(sampleEvents(10, 5, 5));
      const second = new Collector();
      const other = new Collector();
      const client = await open();
      await (await client.consume({ group: 'going-on', onBatch: second.onBatch })).caughtUp();
      await (await client.consume({ group: 'another', onBatch: other.onBatch })).caughtUp();
      assert.equal(first.events.length, 50);
      assert.deepEqual(
        second.ids.toSorted(),
        sampleEvents(10, 5, 5)
          .map(({ eventId }) => eventId)
          .toSorted(),
      );
      assert.equal(other.events.length, 100);
    });

    test('a consumer that keeps its own positions starts from them, whatever the group did before', async (t) => {
      const bus = await newLog(t, openBus)();
      await bus.publish(sampleEvents(10, 10));
      const all = await readAll(bus);
      const startOf = (partition: number): bigint | undefined => all[partition]?.events[3]?.offset;
      const expected = all.flatMap(({ events }) => (events.length > 3 ? events.slice(3) : events));
      for (const _ of ['first', 'replay']) {
        const collector = new Collector();
        const consumer = await bus.consume({
          group: 'own-positions',
          offsets: { load: async (partition) => startOf(partition) },
          onBatch: collector.onBatch,
        });
        await consumer.caughtUp();
        await consumer.stop();
        assert.deepEqual(collector.ids.toSorted(), expected.map(({ eventId }) => eventId).toSorted());
      }
    });

    test('stopping waits for the batch at hand, and no batch follows', async (t) => {
      const bus = await newLog(t, openBus)();
      await bus.publish([sampleEvent('user-1', 1), sampleEvent('user-1', 2)]);
      const handled: EventBatch[] = [];
      const begun = new Gate();
      const gate = new Gate();
      const consumer = await bus.consume({
        group: 'stopping',
        maxBatchSize: 1,
        onBatch: async (batch) => {
          begun.open();
          await gate.opened;
          handled.push(batch);
        },
      });
      await begun.opened;
      const stopped = consumer.stop();
      gate.open();
      await stopped;
      assert.equal(handled.length, 1);
      await assert.rejects(consumer.caughtUp(), /stopped/);
      const rest = new Collector();
      const next = await bus.consume({ group: 'stopping', onBatch: rest.onBatch });
      await next.caughtUp();
      assert.deepEqual(
        rest.events.map(({ properties }) => properties['sequence']),
        [2],
      );
    });

    test('a handler that never succeeds does not hold up stopping', async (t) => {
      const bus = await newLog(t, openBus)();
      await bus.publish([sampleEvent('user-1', 1)]);
      const failed = new Gate();
      const consumer = await bus.consume({
        group: 'never',
        onBatch: async () => {
          throw new Error('no');
        },
        onError: () => failed.open(),
      });
      await failed.opened;
      await consumer.stop();
    });
  });
}
