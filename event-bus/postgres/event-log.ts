import type { Kysely } from 'kysely';
import type { Event } from '../event.ts';
import type {
  Consumer,
  ConsumerOptions,
  DeadLetter,
  ErasedUser,
  FoundInBus,
  EventBatch,
  EventBus,
  PublishResult,
  Rejection,
} from '../port.ts';
import type { BusMetrics } from '../metrics.ts';
import { createRegistry, type SchemaRegistry } from '../schemas/registry.ts';
import { sortEvents } from '../sorted-events.ts';
import { PartitionAppender, type AppendOptions } from './append.ts';
import { connectEventLog } from './database.ts';
import { GroupConsumer } from '../group/group-consumer.ts';
import { eraseUser, findUser } from './erase-user.ts';
import { PostgresMembership } from './group-membership.ts';
import { GroupPositions } from './group-positions.ts';
import { LogHeads } from './log-heads.ts';
import { migrateEventLog } from './migrate.ts';
import { partitionOf } from './partition-of.ts';
import { groupId, loadDeadLetters, loadEndOffsets, loadGroupOffset, readBatch, storeDeadLetters } from './read.ts';
import { registerSchemas } from './register-schemas.ts';
import type { EventLogTables } from './tables.ts';
import { retryTransient } from './transient.ts';

export interface EventLogOptions {
  /** Connection string of a PostgreSQL database; its tables are named `event_log_…` and made if missing. */
  readonly url: string;
  /** Fixed when the log is made. Default: what the log has, else 4. */
  readonly partitionCount?: number;
  /** Default: the platform's own event types only. */
  readonly registry?: SchemaRegistry;
  /** Stamps `ingestedAtMs`, in ms since 1970 UTC. Default: PostgreSQL's clock, the same for every publisher. */
  readonly clock?: () => number;
  /** Told of failures that are tried again, such as PostgreSQL being away. */
  readonly onError?: (error: Error) => void;
  /** How long a publish is tried again while PostgreSQL is away. Default 30,000. */
  readonly retryForMs?: number;
  /** Events that may wait per partition before publishing is refused. Default 50,000. */
  readonly maxBacklog?: number;
}

const DEFAULT_BATCH_SIZE = 1_000;

/**
 * Opens the embedded event log.
 *
 * @throws PartitionCountError where the log has another number of partitions
 * @throws SchemaRegistrationError where a version of an event type is not what the log was opened with before
 */
export async function openEventLog(options: EventLogOptions): Promise<EventBus> {
  const { url, partitionCount } = options;
  const onError = options.onError ?? (() => undefined);
  await migrateEventLog(url, { onError, ...(partitionCount === undefined ? {} : { partitionCount }) });
  const db = connectEventLog(url, onError);
  try {
    const registry = options.registry ?? createRegistry();
    await registerSchemas(db, registry.schemas);
    const ends = await loadEndOffsets(db);
    return new EventLog(db, ends.size, { ...options, registry, onError });
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

class EventLog implements EventBus {
  readonly partitionCount: number;
  readonly #db: Kysely<EventLogTables>;
  readonly #url: string;
  readonly #registry: SchemaRegistry;
  readonly #append: AppendOptions;
  readonly #appenders: readonly PartitionAppender[];
  readonly #heads: LogHeads;
  readonly #onError: (error: Error) => void;
  readonly #consumers = new Map<Consumer, { readonly group: string; readonly consumer: GroupConsumer }>();
  readonly #publishing = new Set<Promise<unknown>>();
  #published = 0;
  #deadLettered = 0;
  #isClosed = false;

  constructor(
    db: Kysely<EventLogTables>,
    partitionCount: number,
    options: EventLogOptions & { readonly registry: SchemaRegistry; readonly onError: (error: Error) => void },
  ) {
    this.#db = db;
    this.partitionCount = partitionCount;
    this.#url = options.url;
    this.#registry = options.registry;
    this.#onError = options.onError;
    this.#append = {
      retryForMs: options.retryForMs ?? 30_000,
      maxBacklog: options.maxBacklog ?? 50_000,
      clock: options.clock,
    };
    this.#appenders = Array.from(
      { length: partitionCount },
      (_, partition) => new PartitionAppender(db, partition, this.#append),
    );
    this.#heads = new LogHeads(() => loadEndOffsets(db), this.#onError);
  }

  async publish(events: readonly Event[]): Promise<readonly PublishResult[]> {
    this.#assertOpen();
    return await this.#tracked(this.#publish(events));
  }

  async consume(options: ConsumerOptions): Promise<Consumer> {
    this.#assertOpen();
    const { offsets, onBatch, maxBatchSize = DEFAULT_BATCH_SIZE } = options;
    if (!Number.isInteger(maxBatchSize) || maxBatchSize < 1) {
      throw new RangeError(`maxBatchSize must be a whole number from 1, got ${maxBatchSize}`);
    }
    const group = await groupId(this.#db, options.group);
    const positions = new GroupPositions(this.#db, group);
    const consumer: GroupConsumer = await GroupConsumer.start({
      join: ({ onLost }) => PostgresMembership.join(this.#url, group, this.partitionCount, onLost),
      endOffsets: (signal) => retryTransient(() => loadEndOffsets(this.#db), Infinity, signal),
      work: {
        load: async (partition) =>
          (await (offsets?.load(partition) ?? loadGroupOffset(this.#db, group, partition))) ?? 0n,
        waitBeyond: (partition, position, signal) => this.#heads.waitBeyond(partition, position, signal),
        read: (partition, position) => readBatch(this.#db, partition, position, maxBatchSize),
        handle: async (batch) => {
          try {
            await onBatch(batch);
          } catch (error) {
            await positions.failed(batch);
            throw error;
          }
        },
        store: (batch) => positions.handled(batch, { isKeptHere: offsets === undefined }),
        onBatchError: (error, batch, attempt) => {
          if (options.onError === undefined) this.#onError(error);
          else options.onError(error, batch, attempt);
        },
        onLogError: this.#onError,
      },
      onEnd: () => this.#consumers.delete(consumer),
    });
    this.#consumers.set(consumer, { group: options.group, consumer });
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
    return await readBatch(this.#db, partition, from < 0n ? 0n : from, maxEvents);
  }

  async endOffsets(): Promise<ReadonlyMap<number, bigint>> {
    this.#assertOpen();
    return await loadEndOffsets(this.#db);
  }

  async deadLetter(rejections: readonly Rejection[]): Promise<void> {
    this.#assertOpen();
    await this.#tracked(this.#storeDeadLetters(rejections));
  }

  async deadLetters(options: { readonly limit: number }): Promise<readonly DeadLetter[]> {
    this.#assertOpen();
    return await loadDeadLetters(this.#db, options.limit);
  }

  readonly findUser = (user: ErasedUser): Promise<FoundInBus> => findUser(this.#db, user);
  readonly eraseUser = (user: ErasedUser): Promise<void> => eraseUser(this.#db, user);

  metrics(): BusMetrics {
    const sum = (of: (appender: PartitionAppender) => number): number =>
      this.#appenders.reduce((total, appender) => total + of(appender), 0);
    return {
      published: this.#published,
      deadLettered: this.#deadLettered,
      failedAttempts: sum(({ failedAttempts }) => failedAttempts),
      waiting: sum(({ waiting }) => waiting),
      consumers: [...this.#consumers.values()].flatMap(({ group, consumer }) =>
        consumer.lag(group, (partition) => this.#heads.newest(partition)),
      ),
    };
  }

  /** Stops its consumers, waits for what is being published and closes its connections. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#consumers.keys()].map((consumer) => consumer.stop()));
    await Promise.allSettled(this.#publishing);
    await this.#db.destroy();
  }

  async #publish(events: readonly Event[]): Promise<readonly PublishResult[]> {
    const { results, rejections, byPartition } = sortEvents(events, this.#registry, (event) =>
      partitionOf(event, this.partitionCount),
    );
    const work = [...byPartition].map(([partition, accepted]) =>
      this.#appendTo(
        partition,
        accepted.map(({ json }) => json),
      ),
    );
    work.push(this.#storeDeadLetters(rejections));
    // Every part is waited for, so that after a rejection nothing of this call is still under way.
    const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    this.#published += results.length - rejections.length;
    this.#heads.nudge();
    return results;
  }

  async #appendTo(partition: number, texts: readonly string[]): Promise<void> {
    const appender = this.#appenders[partition];
    if (appender === undefined) throw new RangeError(`the event log has no partition ${partition}`);
    await appender.append(texts);
  }

  async #storeDeadLetters(rejections: readonly Rejection[]): Promise<void> {
    if (rejections.length === 0) return;
    const receivedAtMs = this.#append.clock?.() ?? null;
    await retryTransient(() => storeDeadLetters(this.#db, rejections, receivedAtMs), this.#append.retryForMs);
    this.#deadLettered += rejections.length;
  }

  async #tracked<T>(work: Promise<T>): Promise<T> {
    this.#publishing.add(work);
    try {
      return await work;
    } finally {
      this.#publishing.delete(work);
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the event log is closed');
  }
}
