import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from '../../parts/free-port.ts';
import { SKIP_KAFKA, startTestKafka, type TestKafka } from '../../tests/support/kafka.ts';
import { Collector } from '../contract/collector.ts';
import { Gate } from '../contract/gate.ts';
import { CONTRACT_REGISTRY, sampleEvent, sampleEvents } from '../contract/sample-events.ts';
import { EventLogBacklogError, EventLogUnavailableError, PartitionCountError } from '../errors.ts';
import type { EventBatch, EventBus } from '../port.ts';
import type { EventTypeSchema } from '../schemas/event-type.ts';
import { createRegistry } from '../schemas/registry.ts';
import { openKafkaBus } from './kafka-bus.ts';
import type { KafkaBusOptions } from './options.ts';
import { KafkaSetupError } from './topics.ts';

describe('the log in Kafka', { skip: SKIP_KAFKA }, () => {
  let kafka: TestKafka;
  before(async () => {
    kafka = await startTestKafka();
  });
  after(() => kafka.stop());

  async function open(t: TestContext, options: Partial<KafkaBusOptions> & { topicPrefix: string }): Promise<EventBus> {
    const bus = await openKafkaBus({
      brokers: [kafka.address],
      registry: CONTRACT_REGISTRY,
      sessionTimeoutMs: 2_000,
      heartbeatMs: 50,
      ...options,
    });
    t.after(() => bus.close());
    return bus;
  }

  test('the number of partitions is fixed when the topic is made', async (t) => {
    await open(t, { topicPrefix: 'partitions', partitionCount: 3 });
    await assert.rejects(open(t, { topicPrefix: 'partitions', partitionCount: 5 }), (error: Error) => {
      assert.ok(error instanceof PartitionCountError);
      assert.match(
        error.message,
        /the topic partitions\.events has 3 partitions, not 5: .* under another topic prefix/,
      );
      return true;
    });
    assert.equal((await open(t, { topicPrefix: 'partitions' })).partitionCount, 3);
  });

  test('a version of an event type never changes under its events', async (t) => {
    const first: EventTypeSchema = { key: 'team_created', version: 1, properties: { players: { type: 'integer' } } };
    const withSchemas = (...schemas: EventTypeSchema[]) =>
      open(t, { topicPrefix: 'schemas', registry: createRegistry(schemas) });
    await withSchemas(first);
    await withSchemas({ ...first, description: 'A team was put together.' });
    await assert.rejects(
      withSchemas({ ...first, properties: { players: { type: 'integer', required: true } } }),
      /^SchemaRegistrationError: event type team_created: version 1 is not what .* \({ players: integer }\)/,
    );
    await withSchemas(first);
  });

  test('several processes may make the topics at once', async (t) => {
    const buses = await Promise.all([1, 2, 3].map(() => open(t, { topicPrefix: 'at-once', partitionCount: 2 })));
    assert.deepEqual(
      buses.map((bus) => bus.partitionCount),
      [2, 2, 2],
    );
  });

  test('what cannot be used is a sentence that says what to correct', async (t) => {
    const nobody = `127.0.0.1:${await freePort()}`;
    await assert.rejects(
      open(t, { topicPrefix: 'nobody', brokers: [nobody], openForMs: 300 }),
      (error: Error) =>
        error instanceof KafkaSetupError && error.message.startsWith(`Kafka at ${nobody} cannot be used`),
    );
    await assert.rejects(
      open(t, { topicPrefix: 'copies', replicationFactor: 3 }),
      /^KafkaSetupError: Kafka at .* does not make the topics as they are set \(replication factor 3\)/,
    );
    await assert.rejects(open(t, { topicPrefix: 'a b' }), /^RangeError: the topics' prefix must be letters/);
  });

  test('of several brokers that are named, one that lives is enough', async (t) => {
    const brokers = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`, kafka.address];
    const bus = await open(t, { topicPrefix: 'named', brokers, partitionCount: 1 });
    const collector = new Collector();
    const consumer = await bus.consume({ group: 'named', onBatch: collector.onBatch });
    await bus.publish(sampleEvents(1, 3));
    await consumer.caughtUp();
    assert.equal(collector.events.length, 3);
  });

  test('a member that comes takes only what moves, and only once its batch is done', async (t) => {
    const prefix = { topicPrefix: 'moving', partitionCount: 4 };
    const [bus, other] = [await open(t, prefix), await open(t, prefix)];
    await bus.publish(sampleEvents(40, 1));
    const gate = new Gate();
    const held = new Set<number>();
    const mine: EventBatch[] = [];
    await bus.consume({
      group: 'moving',
      onBatch: async (batch) => {
        mine.push(batch);
        held.add(batch.partition);
        if (held.size <= 4 && batch.events.some(({ properties }) => properties['sequence'] === 0)) await gate.opened;
      },
    });
    while (held.size < 4) await setTimeout(10);
    const theirs = new Collector();
    await other.consume({ group: 'moving', onBatch: theirs.onBatch });
    // Every partition has a batch at hand, so the newcomer gets none while that lasts, however often the group shares anew.
    await setTimeout(1_000);
    assert.equal(theirs.batches.length, 0);
    gate.open();
    await bus.publish(sampleEvents(40, 1, 1));
    const readers = (): Map<number, Set<string>> => {
      const byPartition = new Map<number, Set<string>>();
      for (const [who, batches] of [
        ['mine', mine],
        ['theirs', theirs.batches],
      ] as const) {
        for (const { partition, events } of batches) {
          if (!events.some(({ properties }) => properties['sequence'] === 1)) continue;
          byPartition.set(partition, (byPartition.get(partition) ?? new Set()).add(who));
        }
      }
      return byPartition;
    };
    await theirs.until(() => new Set(theirs.batches.map(({ partition }) => partition)).size >= 1);
    while (readers().size < 4) await setTimeout(10);
    for (const who of readers().values()) assert.equal(who.size, 1, 'each event was read by one member');
  });

  test('a position that has expired is told, and reading goes on with what is there', async (t) => {
    const errors: Error[] = [];
    const onError = (error: Error): void => void errors.push(error);
    const bus = await open(t, { topicPrefix: 'expired', partitionCount: 1, onError });
    await bus.publish(sampleEvents(1, 20));
    const admin = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.fetchTopicOffsets('expired.events');
    await admin.deleteTopicRecords({ topic: 'expired.events', partitions: [{ partition: 0, offset: '12' }] });
    await admin.disconnect();
    const read = async (group: string, position: bigint | undefined): Promise<readonly unknown[]> => {
      const collector = new Collector();
      const consumer = await bus.consume({
        group,
        offsets: { load: async () => position },
        onBatch: collector.onBatch,
      });
      await consumer.caughtUp();
      await consumer.stop();
      return collector.events.map(({ offset }) => Number(offset));
    };
    const rest = [12, 13, 14, 15, 16, 17, 18, 19];
    assert.deepEqual(await read('new', undefined), rest);
    assert.deepEqual(errors, []);
    assert.deepEqual(await read('old', 5n), rest);
    assert.equal(errors.length, 1);
    assert.match(
      String(errors[0]),
      /^EventsExpiredError: partition 0 of expired.events: the events from offset 5 to 11 are gone/,
    );
    assert.deepEqual(
      (await bus.read(0, 3n, 2)).events.map(({ offset }) => offset),
      [12n, 13n],
    );
  });

  test('what another producer wrote in a transaction is seen once it is committed, and not where it was given up', async (t) => {
    const bus = await open(t, { topicPrefix: 'transactions', partitionCount: 1 });
    await bus.publish([sampleEvent('before', 0)]);
    const producer = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).producer({
      transactionalId: 'elsewhere',
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    for (const [user, end] of [
      ['given-up', 'abort'],
      ['committed', 'commit'],
    ] as const) {
      const transaction = await producer.transaction();
      const messages = [1, 2, 3].map((sequence) => ({ key: user, value: JSON.stringify(sampleEvent(user, sequence)) }));
      await transaction.send({ topic: 'transactions.events', messages });
      await transaction[end]();
    }
    await producer.disconnect();
    await bus.publish([sampleEvent('after', 4)]);
    const collector = new Collector();
    const consumer = await bus.consume({ group: 'readers', maxBatchSize: 2, onBatch: collector.onBatch });
    await consumer.caughtUp();
    const users = ['before', 'committed', 'committed', 'committed', 'after'];
    assert.deepEqual(
      collector.events.map(({ userId }) => userId),
      users,
    );
    assert.deepEqual(
      (await bus.read(0, 0n, 100)).events.map(({ userId }) => userId),
      users,
    );
  });

  test('metrics say what was published and how far each consumer is', async (t) => {
    const bus = await open(t, { topicPrefix: 'metrics', partitionCount: 2 });
    await bus.publish([...sampleEvents(10, 3), sampleEvent('user-1', 9, { eventType: 'unknown' })]);
    const gate = new Gate();
    const consumer = await bus.consume({ group: 'slow', maxBatchSize: 5, onBatch: () => gate.opened });
    const lag = (): number => bus.metrics().consumers.reduce((sum, each) => sum + each.lag, 0);
    while (lag() < 30) await setTimeout(10);
    gate.open();
    await consumer.caughtUp();
    const { published, deadLettered, waiting, failedAttempts, consumers } = bus.metrics();
    assert.deepEqual(
      { published, deadLettered, waiting, failedAttempts, lag: lag() },
      { published: 30, deadLettered: 1, waiting: 0, failedAttempts: 0, lag: 0 },
    );
    assert.equal(
      consumers.reduce((sum, { handled }) => sum + handled, 0),
      30,
    );
  });

  test('while Kafka is away: callers are told in time, a long backlog is refused, and what was taken is stored later, once', async (t) => {
    const prefix = { topicPrefix: 'away', partitionCount: 1 };
    const bus = await open(t, { ...prefix, maxBacklog: 100, retryForMs: 500 });
    const patient = await open(t, prefix);
    await bus.publish(sampleEvents(1, 1));
    await kafka.kill();
    const told = assert.rejects(bus.publish(sampleEvents(1, 60, 1)), EventLogUnavailableError);
    await assert.rejects(bus.publish(sampleEvents(1, 60, 61)), EventLogBacklogError);
    const waiting = patient.publish([sampleEvent('patient', 1)]);
    await told;
    assert.equal(bus.metrics().waiting, 60);
    await kafka.start();
    assert.equal((await waiting)[0]?.status, 'accepted');
    while (bus.metrics().waiting > 0) await setTimeout(20);
    const { events } = await bus.read(0, 0n, 1_000);
    assert.equal(events.length, 62);
    assert.deepEqual(
      events.filter(({ userId }) => userId === 'user-0').map(({ properties }) => properties['sequence']),
      Array.from({ length: 61 }, (_, sequence) => sequence),
    );
  });
});
