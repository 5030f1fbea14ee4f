import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OpenBus } from '../contract.ts';
import { forgetfulBus, type Erasures } from '../forgetful-bus.ts';
import type { ErasedUser, EventBus } from '../port.ts';
import { Collector, readAll } from './collector.ts';
import { newLog } from './fixture.ts';
import { sampleEvent, sampleEvents } from './sample-events.ts';

const FIRST_MS = sampleEvent('user-1', 0).timestampMs;
const user: ErasedUser = { userId: 'user-1', deviceIds: ['phone-1'], untilMs: FIRST_MS + 1_000 };

/** What an erased user leaves, seen through the platform's own readers, whatever the log itself can remove. */
export function describeErasing(openBus: OpenBus): void {
  describe('erasing a user', () => {
    test('his events and those of his devices are gone, others stay, and every reader comes to the end', async (t) => {
      const open = newLog(t, openBus);
      const bus = forgetfulBus(await open(), erasuresOf(user));
      await (await open()).publish(history());
      const ends = await bus.endOffsets();
      await bus.eraseUser(user);
      await bus.eraseUser(user);
      const kept = new Set(idsOf(history().filter((event) => !isTheirs(event))));
      assert.deepEqual(new Set(idsOf((await readAll(bus)).flatMap((batch) => batch.events))), kept);
      for (const [partition, end] of await bus.endOffsets()) assert.ok(end >= (ends.get(partition) ?? 0n));
      await assertConsumed(bus, kept);
    });

    test('what is under way is not taken in any more; what happens later is of a user who came back', async (t) => {
      const open = newLog(t, openBus);
      const bus = forgetfulBus(await open(), erasuresOf(user));
      await bus.eraseUser(user);
      const [late, other, later] = [
        sampleEvent('user-1', 900),
        sampleEvent('user-2', 901),
        sampleEvent('user-1', 2_000),
      ];
      assert.deepEqual(
        (await bus.publish([late, other, later])).map(({ eventId, status }) => [eventId, status]),
        [
          [late.eventId, 'erased'],
          [other.eventId, 'accepted'],
          [later.eventId, 'accepted'],
        ],
      );
      assert.deepEqual(
        new Set(idsOf((await readAll(bus)).flatMap((batch) => batch.events))),
        new Set(idsOf([other, later])),
      );
      await bus.eraseUser(user);
      await assertConsumed(bus, new Set(idsOf([other, later])));
    });

    test('a consumer that is in the middle of the log goes on undisturbed', async (t) => {
      const open = newLog(t, openBus);
      const bus = forgetfulBus(await open(), erasuresOf(user));
      const publisher = await open();
      const collector = new Collector();
      const consumer = await bus.consume({ group: 'reading-on', maxBatchSize: 3, onBatch: collector.onBatch });
      for (let round = 0; round < 10; round += 1) {
        await publisher.publish(sampleEvents(4, 5, round * 5));
        if (round % 3 === 0) await bus.eraseUser(user);
      }
      await consumer.caughtUp();
      const others = sampleEvents(4, 50).filter(({ userId }) => userId !== 'user-1');
      assert.deepEqual(collector.ids.toSorted(), idsOf(others).toSorted());
    });
  });
}

async function assertConsumed(bus: EventBus, kept: ReadonlySet<string>): Promise<void> {
  const collector = new Collector();
  const consumer = await bus.consume({ group: 'after-erasing', maxBatchSize: 7, onBatch: collector.onBatch });
  await consumer.caughtUp();
  await consumer.stop();
  assert.deepEqual(new Set(collector.ids), kept);
  assert.equal(collector.ids.length, kept.size);
}

function history(): ReturnType<typeof sampleEvents> {
  return [
    ...sampleEvents(4, 30),
    sampleEvent('user-1', 300, { anonymousId: 'phone-1' }),
    sampleEvent('none-1', 301, { userId: null, anonymousId: 'phone-1' }),
    sampleEvent('none-2', 302, { userId: null, anonymousId: 'phone-2' }),
    // The same phone, later, in other hands.
    sampleEvent('user-3', 303, { anonymousId: 'phone-1' }),
    sampleEvent('user-2', 304, { properties: { sequence: 304, contest: 'user-1' } }),
  ];
}

function isTheirs({ userId, anonymousId }: ReturnType<typeof sampleEvent>): boolean {
  return userId === user.userId || (userId === null && anonymousId === 'phone-1');
}

function erasuresOf({ userId, deviceIds, untilMs }: ErasedUser): Erasures {
  const ids = new Set([userId, ...deviceIds]);
  return {
    erased: () => Promise.resolve({ size: ids.size, untilMs: (id) => (ids.has(id) ? untilMs : undefined) }),
  };
}

function idsOf(events: readonly { readonly eventId: string }[]): string[] {
  return events.map(({ eventId }) => eventId);
}
