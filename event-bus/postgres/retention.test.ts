import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import type { PostgresServer } from '../../parts/postgres.ts';
import { startTestPostgres } from '../../tests/support/postgres.ts';
import { Collector, readAll } from '../contract/collector.ts';
import { CONTRACT_REGISTRY, sampleEvents } from '../contract/sample-events.ts';
import type { EventBus } from '../port.ts';
import { connectEventLog } from './database.ts';
import { openEventLog } from './event-log.ts';
import { deleteOldEvents, startRetention } from './retention.ts';

const DAY_MS = 86_400_000;

describe('retention of the embedded log', () => {
  let postgres: PostgresServer;
  before(async () => {
    postgres = await startTestPostgres();
  });
  after(() => postgres.stop());

  /** A log whose first 100 events were stored ten days ago, and 60 now. */
  async function logOf(name: string) {
    const url = await postgres.createDatabase(name);
    const db = connectEventLog(url, assert.fail);
    const longAgo = await openEventLog({ url, registry: CONTRACT_REGISTRY, clock: () => Date.now() - 10 * DAY_MS });
    await longAgo.publish(sampleEvents(20, 5));
    await longAgo.close();
    const bus = await openEventLog({ url, registry: CONTRACT_REGISTRY });
    await bus.publish(sampleEvents(20, 3, 5));
    return { url, db, bus, end: async () => void (await Promise.all([bus.close(), db.destroy()])) };
  }

  async function readBy(bus: EventBus, group: string, offsets?: Map<number, bigint>): Promise<Collector> {
    const collector = new Collector();
    const consumer = await bus.consume({
      group,
      ...(offsets === undefined ? {} : { offsets: { load: (partition) => Promise.resolve(offsets.get(partition)) } }),
      onBatch: collector.onBatch,
    });
    await consumer.caughtUp();
    await consumer.stop();
    return collector;
  }

  const kept = async (bus: EventBus): Promise<number> => (await readAll(bus)).flatMap(({ events }) => events).length;

  test('what is old and was read by every group is deleted; the rest stays, and offsets go on', async () => {
    const { db, bus, end } = await logOf('aged');
    assert.equal(await deleteOldEvents(db, DAY_MS), 0, 'nobody has read it');
    await readBy(bus, 'bus-kept');
    await readBy(bus, 'kept-elsewhere', new Map());
    assert.equal(await deleteOldEvents(db, 20 * DAY_MS), 0, 'nothing is so old');
    assert.equal(await deleteOldEvents(db, DAY_MS), 100);
    assert.equal(await kept(bus), 60);
    const newcomer = await readBy(bus, 'newcomer');
    assert.equal(newcomer.events.length, 60);
    await bus.publish(sampleEvents(20, 1, 8));
    assert.equal((await readBy(bus, 'bus-kept')).events.length, 20);
    await end();
  });

  test('a group that has yet to read holds back, until it was not seen for a month', async () => {
    const { db, bus, end } = await logOf('held-back');
    await readBy(bus, 'reads');
    const failing = await bus.consume({ group: 'stands-still', onBatch: () => Promise.reject(new Error('no')) });
    assert.equal(await deleteOldEvents(db, DAY_MS), 0);
    await failing.stop();
    await sql`UPDATE event_log_groups SET seen_at = now() - interval '31 days' WHERE name = 'stands-still'`.execute(db);
    assert.equal(await deleteOldEvents(db, DAY_MS), 100);
    await end();
  });

  test('a consumer whose place was deleted goes on with what is left, also where nothing is', async () => {
    const { db, bus, end } = await logOf('all-deleted');
    await readBy(bus, 'reads');
    assert.equal(await deleteOldEvents(db, -DAY_MS), 160);
    const late = await readBy(bus, 'from-the-beginning');
    assert.equal(late.events.length, 0);
    await bus.publish(sampleEvents(4, 1, 9));
    assert.equal((await readBy(bus, 'from-the-beginning')).events.length, 4);
    await end();
  });

  test('it is done again and again, by itself', async () => {
    const { url, bus, end } = await logOf('by-itself');
    await readBy(bus, 'reads');
    const deleted = await new Promise<number>((resolve, reject) => {
      const retention = startRetention({
        url,
        retentionMs: DAY_MS,
        onError: reject,
        onDeleted: (events) => {
          resolve(retention.stop().then(() => events));
        },
      });
    });
    assert.equal(deleted, 100);
    await end();
  });
});
