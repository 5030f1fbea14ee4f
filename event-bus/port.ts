import type { Event, JsonObject, StoredEvent } from './event.ts';
import type { BusMetrics } from './metrics.ts';

/** What became of one published event. */
export type PublishResult =
  | { readonly eventId: string; readonly status: 'accepted' }
  /** It does not fit its schema; it is durable in the dead letters. */
  | { readonly eventId: string; readonly status: 'dead-lettered'; readonly reason: string }
  /** It happened before its user was erased, and came too late to be kept. */
  | { readonly eventId: string; readonly status: 'erased' };

/** A run of events of one partition, in the order in which consumers of that partition see them. */
export interface EventBatch {
  readonly partition: number;
  /** With the position of each; strictly increasing, not necessarily without gaps. None where all that was there is erased. */
  readonly events: readonly (StoredEvent & { readonly offset: bigint })[];
  /** Where to read on: the position after the last event of the batch, and after what is erased. */
  readonly nextOffset: bigint;
}

/** Where a consumer keeps its positions. A consumer whose rows live elsewhere keeps them there, in the same transaction. */
export interface OffsetSource {
  /** The next position to read in a partition; `undefined`: from the beginning. */
  load(partition: number): Promise<bigint | undefined>;
}

export interface ConsumerOptions {
  /** Members of one group share the partitions: each partition has one reader at a time. */
  readonly group: string;
  /** Where the positions are. Absent: the bus keeps them, committed after `onBatch` resolves (at least once). */
  readonly offsets?: OffsetSource;
  /** At most this many events a batch. */
  readonly maxBatchSize?: number;
  /**
   * Handles one batch. With `offsets`, it stores `batch.nextOffset` together with its own rows. A rejection is retried with
   * the same batch, with backoff, until it succeeds or the consumer stops; nothing is skipped.
   */
  onBatch(batch: EventBatch): Promise<void>;
  /** Told about each failed attempt. */
  onError?(error: Error, batch: EventBatch, attempt: number): void;
}

export interface Consumer {
  /** Resolves once every partition of this member was read up to what was published before the call. */
  caughtUp(): Promise<void>;
  /** Finishes the batch at hand, gives its partitions back and resolves. */
  stop(): Promise<void>;
}

/** Something that came instead of an event. */
export interface Rejection {
  /** Names the field and what is wrong with it. */
  readonly reason: string;
  readonly payload: JsonObject;
}

export interface DeadLetter {
  readonly id: bigint;
  readonly reason: string;
  /** The event as it came, as far as it could be read. */
  readonly payload: JsonObject;
  readonly receivedAtMs: number;
}

/** A user whose past is to be forgotten. */
export interface ErasedUser {
  readonly userId: string;
  /** The user's own: what happened on them before a login is his. Events of other users on them are not. */
  readonly deviceIds: readonly string[];
  /** What happened later belongs to a user who came back. Ms since 1970 UTC. */
  readonly untilMs: number;
}

/** What of a user is in one place. */
export interface FoundRows {
  readonly place: string;
  readonly rows: number;
}

export interface FoundInBus {
  readonly found: readonly FoundRows[];
  /** How to look it up once more, with `:user`, `:devices` and `:until` in place of the values. */
  readonly query: string;
  /** What stays, where and for how long, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The event log. Adapters: the embedded log in PostgreSQL (`postgres/`), Kafka (`kafka/`). All pass the same contract suite
 * (`event-bus/contract.ts`): durable when acknowledged, ordered by key (user, else anonymous id, else event id), read in commit
 * order, replayable from any position, nothing dropped.
 */
export interface EventBus {
  readonly partitionCount: number;
  /** Validates each event against its schema and stores it. Durable once resolved; results in the order of the events. */
  publish(events: readonly Event[]): Promise<readonly PublishResult[]>;
  consume(options: ConsumerOptions): Promise<Consumer>;
  /** Reads a run of one partition without being a consumer. */
  read(partition: number, from: bigint, maxEvents: number): Promise<EventBatch>;
  /** The position after the newest event that readers may see, by partition. */
  endOffsets(): Promise<ReadonlyMap<number, bigint>>;
  /** Keeps what never became an `Event`, such as a malformed wire message. Durable once resolved. */
  deadLetter(rejections: readonly Rejection[]): Promise<void>;
  /** The newest first. */
  deadLetters(options: { readonly limit: number }): Promise<readonly DeadLetter[]>;
  /** Counts what is kept of a user. */
  findUser(user: ErasedUser): Promise<FoundInBus>;
  /**
   * Forgets a user, in the events and in the dead letters. Positions stay as they are, so that consumers are not disturbed. Doing it
   * again, or to the end after it was broken off, is safe.
   */
  eraseUser(user: ErasedUser): Promise<void>;
  /** What this client did so far, and how far its consumers are. */
  metrics(): BusMetrics;
  close(): Promise<void>;
}
