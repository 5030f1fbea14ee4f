import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresServer } from '../../parts/postgres.ts';
import { startTestPostgres } from '../../tests/support/postgres.ts';
import { Collector, readAll } from '../contract/collector.ts';
import { Gate } from '../contract/gate.ts';
import { CONTRACT_REGISTRY, sampleEvent, sampleEvents } from '../contract/sample-events.ts';
import type { EventTypeSchema } from '../schemas/event-type.ts';
import { createRegistry } from '../schemas/registry.ts';
import { EventLogBacklogError, PartitionCountError } from '../errors.ts';
import { openEventLog } from './event-log.ts';
import { migrateEventLog } from './migrate.ts';

/** The connections of group members. */
const MEMBERS = "datname = current_database() AND application_name = 'umpire event log group member'";

async function membersAlive(admin: pg.Client, count: number): Promise<void> {
  for (;;) {
    const alive = await admin.query(`SELECT FROM pg_stat_activity WHERE ${MEMBERS}`);
    if (alive.rowCount === count) return;
    await setTimeout(10);
  }
}

describe('the embedded log', () => {
  let postgres: PostgresServer;
  before(async () => {
    postgres = await startTestPostgres();
  });
  after(() => postgres.stop());

  test('the number of partitions is fixed when the log is made', async () => {
    const url = await postgres.createDatabase('partitions');
    const bus = await openEventLog({ url, partitionCount: 3 });
    await bus.close();
    await assert.rejects(openEventLog({ url, partitionCount: 5 }), PartitionCountError);
    const again = await openEventLog({ url });
    assert.equal(again.partitionCount, 3);
    await again.close();
  });

  test('a version of an event type never changes under its events', async () => {
    const url = await postgres.createDatabase('schemas');
    const open = async (...schemas: EventTypeSchema[]): Promise<void> => {
      const bus = await openEventLog({ url, registry: createRegistry(schemas) });
      await bus.close();
    };
    const first: EventTypeSchema = { key: 'team_created', version: 1, properties: { players: { type: 'integer' } } };
    const second: EventTypeSchema = {
      ...first,
      version: 2,
      properties: { ...first.properties, name: { type: 'string' } },
    };
    await open(first);
    await open();
    await open({ ...first, description: 'A team was put together.' }, second);
    await assert.rejects(
      open({ ...second, version: 1 }),
      /^SchemaRegistrationError: event type team_created: version 1 is not what .* \({ players: integer }\) and write the change as version 2$/,
    );
    await open(first);
  });

  test('several processes may make the log at once', async () => {
    const url = await postgres.createDatabase('at_once');
    await Promise.all([migrateEventLog(url), migrateEventLog(url), migrateEventLog(url)]);
    const bus = await openEventLog({ url, partitionCount: 4 });
    await bus.close();
  });

  test('a member whose connection breaks joins again; the other takes over meanwhile; nothing is lost', async () => {
    const url = await postgres.createDatabase('members');
    const errors: Error[] = [];
    const bus = await openEventLog({ url, registry: CONTRACT_REGISTRY, onError: (error) => errors.push(error) });
    const all = new Collector();
    const mine = [new Collector(), new Collector()];
    for (const own of mine) {
      await bus.consume({
        group: 'members',
        maxBatchSize: 10,
        onBatch: async (batch) => {
          await own.onBatch(batch);
          await all.onBatch(batch);
        },
      });
    }
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    let isPublishing = true;
    let sequence = 0;
    const publishing = (async () => {
      for (; isPublishing; sequence += 1) await bus.publish(sampleEvents(20, 1, sequence));
    })();
    await Promise.all(mine.map((own) => own.until(() => own.events.length > 50)));
    for (let round = 0; round < 5; round += 1) {
      const seen = mine.map((own) => own.events.length);
      await membersAlive(admin, 2);
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${MEMBERS} ORDER BY backend_start LIMIT 1`,
      );
      await Promise.all(mine.map((own, i) => own.until(() => own.events.length > (seen[i] ?? 0) + 50)));
    }
    isPublishing = false;
    await publishing;
    await all.until(() => new Set(all.ids).size === sequence * 20);
    assert.ok(errors.length >= 5, 'each broken connection is told');
    await admin.end();
    await bus.close();
  });

  test('a backlog that grows too long is refused by name and nothing of it is stored', async () => {
    const url = await postgres.createDatabase('backlog');
    const bus = await openEventLog({ url, partitionCount: 1, registry: CONTRACT_REGISTRY, maxBacklog: 100 });
    const locker = new pg.Client({ connectionString: url });
    await locker.connect();
    await locker.query('BEGIN');
    await locker.query('SELECT * FROM event_log_partitions FOR UPDATE');
    const waiting = bus.publish(sampleEvents(1, 60));
    await assert.rejects(bus.publish(sampleEvents(1, 60, 60)), EventLogBacklogError);
    await locker.query('COMMIT');
    await waiting;
    await bus.publish(sampleEvents(1, 60, 60));
    assert.equal((await bus.endOffsets()).get(0), 120n);
    await locker.end();
    await bus.close();
  });

  test('a reader never sees a later offset before an earlier one, however long a commit takes', async () => {
    const url = await postgres.createDatabase('commit_order');
    const bus = await openEventLog({ url, partitionCount: 1, registry: CONTRACT_REGISTRY });
    const slow = new pg.Client({ connectionString: url });
    await slow.connect();
    await slow.query('BEGIN');
    await slow.query(`WITH head AS (UPDATE event_log_partitions SET next_offset = next_offset + 1 RETURNING next_offset - 1 AS "offset")
      INSERT INTO event_log_events SELECT 0, "offset", 0, '${JSON.stringify(sampleEvent('slow', 0))}'::json FROM head`);
    const collector = new Collector();
    const consumer = await bus.consume({ group: 'order', onBatch: collector.onBatch });
    const published = bus.publish([sampleEvent('fast', 1)]);
    await consumer.caughtUp();
    assert.equal(collector.events.length, 0);
    await slow.query('COMMIT');
    await published;
    await consumer.caughtUp();
    assert.deepEqual(
      collector.events.map(({ userId, offset }) => [userId, offset]),
      [
        ['slow', 0n],
        ['fast', 1n],
      ],
    );
    await slow.end();
    await bus.close();
  });

  test('closing waits for what is being published', async () => {
    const url = await postgres.createDatabase('closing');
    const bus = await openEventLog({ url, registry: CONTRACT_REGISTRY });
    const publishing = bus.publish(sampleEvents(10, 50));
    await bus.close();
    assert.ok((await publishing).every(({ status }) => status === 'accepted'));
    const other = await openEventLog({ url });
    assert.equal((await readAll(other)).flatMap(({ events }) => events).length, 500);
    await other.close();
  });

  test('a reader that lost its partition does not put the next one back', async () => {
    const url = await postgres.createDatabase('zombie');
    const bus = await openEventLog({ url, partitionCount: 1, registry: CONTRACT_REGISTRY });
    const other = await openEventLog({ url, registry: CONTRACT_REGISTRY });
    await bus.publish(sampleEvents(1, 5));
    const begun = new Gate();
    const gate = new Gate();
    const zombie = await bus.consume({
      group: 'zombie',
      maxBatchSize: 1,
      onBatch: async () => {
        begun.open();
        await gate.opened;
      },
    });
    await begun.opened;
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${MEMBERS}`);
    const collector = new Collector();
    await other.consume({ group: 'zombie', onBatch: collector.onBatch });
    await collector.until(() => collector.events.length === 5);
    const stored = async (): Promise<unknown> =>
      (await admin.query<{ next_offset: string }>('SELECT next_offset FROM event_log_offsets')).rows[0]?.next_offset;
    while ((await stored()) !== '5') await setTimeout(10);
    gate.open();
    await zombie.stop();
    assert.equal(await stored(), '5');
    await bus.publish(sampleEvents(1, 1, 5));
    await collector.until(() => collector.events.length === 6);
    assert.deepEqual(
      collector.events.map(({ properties }) => properties['sequence']),
      [0, 1, 2, 3, 4, 5],
    );
    await other.close();
    assert.equal(await stored(), '6');
    await admin.end();
    await bus.close();
  });
});
