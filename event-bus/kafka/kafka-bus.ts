import type { Kafka } from 'kafkajs';
import type { Event } from '../event.ts';
import type { BusMetrics } from '../metrics.ts';
import type {
  Consumer,
  ConsumerOptions,
  DeadLetter,
  ErasedUser,
  EventBatch,
  EventBus,
  FoundInBus,
  PublishResult,
  Rejection,
} from '../port.ts';
import { createRegistry, type SchemaRegistry } from '../schemas/registry.ts';
import { sortEvents, type AcceptedEvent } from '../sorted-events.ts';
import { DeadLetters } from './dead-letters.ts';
import { describeTopics, isTombstone, tombstonesOf } from './erasure.ts';
import { startKafkaConsumer, type KafkaConsumer } from './kafka-consumer.ts';
import { createKafka, logNames, type KafkaBusOptions, type LogNames } from './options.ts';
import { keyOf, partitionOf } from './partition-of.ts';
import { PartitionProducer } from './partition-producer.ts';
import { readRun, topicOffsets } from './read.ts';
import { decodeRecord, isEvent } from './record.ts';
import { registerSchemas } from './register-schemas.ts';
import { KafkaSession } from './session.ts';
import { ensureTopics, MAX_DEAD_LETTER_BYTES } from './topics.ts';

const DEFAULT_BATCH_SIZE = 1_000;
/** In all partitions together: some 150 MB. */
const MAX_BACKLOG = 200_000;
/** Below what the topics take, with room for the form of a batch. */
const MAX_BATCH_BYTES = 900 * 1024;

/**
 * Opens the event log in Kafka; its topics are made if they are missing.
 *
 * @throws PartitionCountError where the events have another number of partitions
 * @throws KafkaSetupError where the brokers cannot be reached within 30 s, or refuse
 * @throws SchemaRegistrationError where a version of an event type is not what the log was opened with before
 */
export async function openKafkaBus(options: KafkaBusOptions): Promise<EventBus> {
  const requestTimeoutMs = options.requestTimeoutMs ?? 15_000;
  const names = logNames(options.topicPrefix ?? 'umpire');
  const kafka = createKafka(options, requestTimeoutMs);
  const partitionCount = await ensureTopics(kafka, names, options);
  const registry = options.registry ?? createRegistry();
  const parts = { ...options, kafka, names, registry, requestTimeoutMs };
  const bus = new KafkaBus(partitionCount, parts);
  try {
    await bus.registerSchemas();
    return bus;
  } catch (error) {
    await bus.close();
    throw error;
  }
}

interface BusParts extends KafkaBusOptions {
  readonly kafka: Kafka;
  readonly names: LogNames;
  readonly registry: SchemaRegistry;
  readonly requestTimeoutMs: number;
}

class KafkaBus implements EventBus {
  readonly partitionCount: number;
  readonly #parts: BusParts;
  readonly #onError: (error: Error) => void;
  readonly #session: KafkaSession;
  readonly #producers: readonly PartitionProducer[];
  readonly #letterProducer: PartitionProducer;
  readonly #schemaProducer: PartitionProducer;
  readonly #deadLetters: DeadLetters;
  readonly #consumers = new Set<KafkaConsumer>();
  #isClosed = false;

  constructor(partitionCount: number, parts: BusParts) {
    const { kafka, names } = parts;
    this.partitionCount = partitionCount;
    this.#parts = parts;
    this.#onError = parts.onError ?? (() => undefined);
    this.#session = new KafkaSession(kafka, [names.events, names.deadLetters, names.schemas]);
    this.#producers = Array.from({ length: partitionCount }, (_, partition) =>
      this.#producer(names.events, partition, MAX_BATCH_BYTES),
    );
    this.#letterProducer = this.#producer(names.deadLetters, 0, MAX_DEAD_LETTER_BYTES / 2);
    this.#schemaProducer = this.#producer(names.schemas, 0, MAX_BATCH_BYTES);
    this.#deadLetters = new DeadLetters(this.#session, this.#letterProducer, names.deadLetters);
  }

  async registerSchemas(): Promise<void> {
    const { names, registry } = this.#parts;
    await registerSchemas(this.#session, this.#schemaProducer, names.schemas, registry.schemas);
  }

  async publish(events: readonly Event[]): Promise<readonly PublishResult[]> {
    this.#assertOpen();
    const { results, byPartition, rejections } = sortEvents(events, this.#parts.registry, (event) =>
      partitionOf(keyOf(event), this.partitionCount),
    );
    const work = [...byPartition].map(([partition, accepted]) => this.#append(partition, accepted));
    work.push(this.#deadLetters.store(rejections));
    // Every part is waited for, so that the caller is told once.
    const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results;
  }

  async consume(options: ConsumerOptions): Promise<Consumer> {
    this.#assertOpen();
    const { maxBatchSize = DEFAULT_BATCH_SIZE } = options;
    if (!Number.isInteger(maxBatchSize) || maxBatchSize < 1) {
      throw new RangeError(`maxBatchSize must be a whole number from 1, got ${maxBatchSize}`);
    }
    const { kafka, names } = this.#parts;
    const consumer: KafkaConsumer = await startKafkaConsumer({
      ...options,
      maxBatchSize,
      session: new KafkaSession(kafka, [names.events]),
      topic: names.events,
      groupId: names.group(options.group),
      partitionCount: this.partitionCount,
      sessionTimeoutMs: this.#parts.sessionTimeoutMs ?? 10_000,
      heartbeatMs: this.#parts.heartbeatMs ?? 1_000,
      endOffsets: () => this.endOffsets(),
      onForeignRecords: (rejections) => this.#deadLetters.store(rejections),
      onLogError: this.#onError,
      onEnd: () => this.#consumers.delete(consumer),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  async read(partition: number, from: bigint, maxEvents: number): Promise<EventBatch> {
    this.#assertOpen();
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.partitionCount) {
      throw new RangeError(`partition must be from 0 to ${this.partitionCount - 1}, got ${partition}`);
    }
    if (!Number.isInteger(maxEvents) || maxEvents < 1) {
      throw new RangeError(`maxEvents must be a whole number from 1, got ${maxEvents}`);
    }
    const run = { topic: this.#parts.names.events, partition, from: from < 0n ? 0n : from, maxRecords: maxEvents };
    const { messages, nextOffset } = await this.#session.insist('reading events', (cluster) => readRun(cluster, run));
    const events = messages
      .filter((message) => !isTombstone(message))
      .map(decodeRecord)
      .filter(isEvent);
    return { partition, events, nextOffset };
  }

  async endOffsets(): Promise<ReadonlyMap<number, bigint>> {
    this.#assertOpen();
    const partitions = Array.from({ length: this.partitionCount }, (_, partition) => partition);
    return await this.#session.insist('reading where the partitions end', (cluster) =>
      topicOffsets(cluster, this.#parts.names.events, partitions, 'newest'),
    );
  }

  async deadLetter(rejections: readonly Rejection[]): Promise<void> {
    this.#assertOpen();
    await this.#deadLetters.store(rejections);
  }

  async deadLetters({ limit }: { readonly limit: number }): Promise<readonly DeadLetter[]> {
    this.#assertOpen();
    return await this.#deadLetters.newest(limit);
  }

  findUser(): Promise<FoundInBus> {
    this.#assertOpen();
    return Promise.resolve(describeTopics(this.#parts.names));
  }

  async eraseUser(user: ErasedUser): Promise<void> {
    this.#assertOpen();
    const marks = tombstonesOf(user).map(async (mark) => {
      await this.#producers[partitionOf(mark.key, this.partitionCount)]?.append([mark]);
    });
    await Promise.all(marks);
  }

  metrics(): BusMetrics {
    const counts = this.#producers.map((producer) => producer.counts);
    const sum = (name: 'stored' | 'failures' | 'waiting'): number =>
      counts.reduce((total, count) => total + count[name], 0);
    return {
      published: sum('stored'),
      deadLettered: this.#letterProducer.counts.stored,
      failedAttempts: sum('failures'),
      waiting: sum('waiting'),
      consumers: [...this.#consumers].flatMap((consumer) => consumer.lag()),
    };
  }

  /** Stops its consumers, waits for what is being published (no longer than a publisher does) and closes its connections. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    const producers = [...this.#producers, this.#letterProducer, this.#schemaProducer];
    await Promise.all(producers.map((producer) => producer.close(this.#retryForMs)));
    await this.#session.close();
  }

  get #retryForMs(): number {
    return this.#parts.retryForMs ?? 30_000;
  }

  #producer(topic: string, partition: number, maxBatchBytes: number): PartitionProducer {
    return new PartitionProducer({
      session: this.#session,
      topic,
      partition,
      maxBatchBytes,
      retryForMs: this.#retryForMs,
      maxBacklog: this.#parts.maxBacklog ?? Math.ceil(MAX_BACKLOG / this.partitionCount),
      requestTimeoutMs: this.#parts.requestTimeoutMs,
      onError: this.#onError,
    });
  }

  async #append(partition: number, accepted: readonly AcceptedEvent[]): Promise<void> {
    const producer = this.#producers[partition];
    if (producer === undefined) throw new RangeError(`the event log has no partition ${partition}`);
    await producer.append(accepted.map(({ event, json }) => ({ key: keyOf(event), value: Buffer.from(json, 'utf8') })));
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the event log is closed');
  }
}
