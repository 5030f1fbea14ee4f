import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OpenBus } from '../contract.ts';
import type { EventBatch, EventBus } from '../port.ts';
import { Collector } from './collector.ts';
import { newLog } from './fixture.ts';
import { sampleEvents } from './sample-events.ts';

export function describeGroups(openBus: OpenBus): void {
  describe('consumer groups', () => {
    test('members share the partitions, each with one reader at a time, and nothing is lost or given twice', async (t) => {
      const open = newLog(t, openBus);
      const bus = await open();
      const reading = new Set<number>();
      const all = new Collector();
      const join = async (client: EventBus): Promise<{ stop(): Promise<void>; own: Collector }> => {
        const own = new Collector();
        const consumer = await client.consume({
          group: 'shared',
          maxBatchSize: 10,
          onBatch: async (batch) => {
            assert.ok(!reading.has(batch.partition), `partition ${batch.partition} has two readers`);
            reading.add(batch.partition);
            await new Promise((resolve) => setImmediate(resolve));
            await own.onBatch(batch);
            await all.onBatch(batch);
            reading.delete(batch.partition);
          },
        });
        return { stop: () => consumer.stop(), own };
      };
      const first = await join(bus);
      let sequence = 0;
      let isPublishing = true;
      const publishing = (async () => {
        for (; isPublishing; sequence += 1) await bus.publish(sampleEvents(20, 1, sequence));
      })();
      await first.own.until(() => partitionsOf(first.own.batches).size === 4);
      const second = await join(await open());
      await second.own.until(() => second.own.batches.length >= 3);
      const third = await join(await open());
      await third.own.until(() => third.own.batches.length >= 3);
      await first.stop();
      const before = second.own.batches.length;
      await second.own.until(() => second.own.batches.length > before + 3);
      await third.stop();
      isPublishing = false;
      await publishing;
      await all.until(() => all.events.length >= sequence * 20);
      await second.stop();
      assert.equal(all.events.length, sequence * 20);
      assert.equal(new Set(all.ids).size, sequence * 20);
      assertOrdered(all.batches);
    });

    test('a member alone has every partition', async (t) => {
      const bus = await newLog(t, openBus)();
      const collector = new Collector();
      await bus.publish(sampleEvents(40, 1));
      const consumer = await bus.consume({ group: 'alone', onBatch: collector.onBatch });
      await consumer.caughtUp();
      assert.equal(partitionsOf(collector.batches).size, bus.partitionCount);
    });

    test('groups do not disturb each other', async (t) => {
      const bus = await newLog(t, openBus)();
      const collectors = [new Collector(), new Collector(), new Collector()];
      const consumers = await Promise.all(
        collectors.map((collector, i) => bus.consume({ group: `group-${i}`, onBatch: collector.onBatch })),
      );
      await bus.publish(sampleEvents(30, 10));
      await Promise.all(consumers.map((consumer) => consumer.caughtUp()));
      for (const collector of collectors) assert.equal(new Set(collector.ids).size, 300);
    });
  });
}

function partitionsOf(batches: readonly EventBatch[]): ReadonlySet<number> {
  return new Set(batches.map(({ partition }) => partition));
}

/** Each partition's batches follow on each other. */
function assertOrdered(batches: readonly EventBatch[]): void {
  const next = new Map<number, bigint>();
  for (const { partition, events, nextOffset } of batches) {
    for (const { offset } of events) {
      assert.ok(offset >= (next.get(partition) ?? 0n), `offset ${offset} of partition ${partition} came late`);
      next.set(partition, offset + 1n);
    }
    assert.equal(nextOffset, next.get(partition));
  }
}
