import { backoffMs, pause } from '../pause.ts';
import type { FetchedRecord } from './committed.ts';
import { asError, kafkaErrorType } from './failure.ts';
import { partitionBounds, takeFrom, type FetchAnswer, type FetchedPartition, type RecordRun } from './read.ts';
import type { KafkaSession } from './session.ts';
import { EventsExpiredError, LogEndsBeforeError } from './position-errors.ts';

const MAX_WAIT_MS = 250;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_BYTES_PER_PARTITION = 2 * 1024 * 1024;
/** A partition with so many records in memory is not fetched any more until some were taken. */
const ENOUGH_RECORDS = 10_000;
const BLOCK_MS = 5_000;
const READ_COMMITTED = 1;

/** What was fetched ahead of one reader. */
interface Ahead {
  /** Where the reader reads on. */
  from: bigint;
  records: FetchedRecord[];
  /** Where the next fetch reads on. */
  fetchFrom: bigint;
  wake: (() => void) | undefined;
  /** Asking for it would fail, and with it the whole request: kafkajs drops every partition of an answer with one failure. */
  isBlocked: boolean;
}

/**
 * Fetches ahead for the readers of one consumer: one request at a time to each broker, for all partitions that it leads. A partition
 * whose reader is slow is left out once enough of it is in memory, so it holds up nobody else.
 */
export class PartitionFetcher {
  readonly #session: KafkaSession;
  readonly #topic: string;
  readonly #onError: (error: Error) => void;
  readonly #partitions = new Map<number, Ahead>();
  readonly #newest = new Map<number, bigint>();
  readonly #busy = new Set<string>();
  readonly #closing = new AbortController();
  readonly #loops = new Set<Promise<void>>();
  #failures = 0;
  #isDue = false;
  #isLooking = false;

  constructor(session: KafkaSession, topic: string, onError: (error: Error) => void) {
    this.#session = session;
    this.#topic = topic;
    this.#onError = onError;
  }

  /** The end of a partition when it was last fetched. */
  newest(partition: number): bigint | undefined {
    return this.#newest.get(partition);
  }

  /** Resolves once there is something at or after `position`, or when `signal` aborts. */
  async waitBeyond(partition: number, position: bigint, signal: AbortSignal): Promise<void> {
    let ahead = this.#partitions.get(partition);
    // A reader that does not go on where it was, such as a new one, gets nothing that was fetched for the one before.
    if (ahead === undefined || ahead.from !== position) {
      ahead?.wake?.();
      ahead = { from: position, records: [], fetchFrom: position, wake: undefined, isBlocked: false };
      this.#partitions.set(partition, ahead);
    }
    if (signal.aborted || ahead.fetchFrom > ahead.from) return;
    const waiting = ahead;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        waiting.wake = undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      waiting.wake = wake;
      signal.addEventListener('abort', wake, { once: true });
      this.#fetch();
    });
  }

  /** What was fetched from `position` on. */
  take(partition: number, position: bigint, maxRecords: number): RecordRun {
    const ahead = this.#partitions.get(partition);
    if (ahead === undefined || ahead.from !== position) return { messages: [], nextOffset: position };
    const messages = ahead.records.splice(0, maxRecords);
    const last = messages.at(-1);
    const nextOffset = ahead.records.length > 0 && last !== undefined ? BigInt(last.offset) + 1n : ahead.fetchFrom;
    ahead.from = nextOffset;
    this.#fetch();
    return { messages, nextOffset };
  }

  release(partition: number): void {
    this.#partitions.delete(partition);
    this.#newest.delete(partition);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { wake } of this.#partitions.values()) wake?.();
    await Promise.all(this.#loops);
  }

  /** Asks every broker that has something to be asked and is not asked already. */
  #fetch(): void {
    this.#isDue = true;
    if (this.#closing.signal.aborted || this.#isLooking) return;
    this.#inBackground(this.#lookForLeaders());
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#loops.delete(tracked));
    this.#loops.add(tracked);
  }

  /** Never rejects. */
  async #lookForLeaders(): Promise<void> {
    this.#isLooking = true;
    while (this.#isDue && !this.#closing.signal.aborted) {
      this.#isDue = false;
      try {
        const leaders = await this.#session.use('finding the leaders', (cluster) =>
          Promise.resolve(cluster.findLeaderForPartitions(this.#topic, this.#wanted())),
        );
        for (const [nodeId, partitions] of Object.entries(leaders)) {
          if (!this.#busy.has(nodeId)) this.#inBackground(this.#fetchFrom(nodeId, partitions));
        }
      } catch (error) {
        await this.#failed(error);
        this.#isDue = true;
      }
    }
    this.#isLooking = false;
  }

  #wanted(): number[] {
    return [...this.#partitions]
      .filter(([, { records, isBlocked }]) => !isBlocked && records.length < ENOUGH_RECORDS)
      .map(([partition]) => partition);
  }

  /** Never rejects. */
  async #fetchFrom(nodeId: string, partitions: readonly number[]): Promise<void> {
    this.#busy.add(nodeId);
    const asked = new Map<number, { ahead: Ahead; offset: bigint }>();
    for (const partition of partitions) {
      const ahead = this.#partitions.get(partition);
      if (ahead !== undefined) asked.set(partition, { ahead, offset: ahead.fetchFrom });
    }
    try {
      for (const fetched of await this.#request(nodeId, asked)) {
        const of = asked.get(fetched.partition);
        if (of !== undefined) this.#arrived(fetched, of);
      }
      this.#failures = 0;
    } catch (error) {
      if (kafkaErrorType(error) === 'OFFSET_OUT_OF_RANGE') await this.#checkBounds(asked);
      else await this.#failed(error);
    }
    this.#busy.delete(nodeId);
    this.#fetch();
  }

  async #request(
    nodeId: string,
    asked: ReadonlyMap<number, { readonly offset: bigint }>,
  ): Promise<readonly FetchedPartition[]> {
    const partitions = [...asked].map(([partition, { offset }]) => ({
      partition,
      fetchOffset: String(offset),
      maxBytes: MAX_BYTES_PER_PARTITION,
    }));
    if (partitions.length === 0) return [];
    const answer = await this.#session.use('fetching events', async (cluster) => {
      const broker = await cluster.findBroker({ nodeId });
      return (await broker.fetch({
        maxWaitTime: MAX_WAIT_MS,
        minBytes: 1,
        maxBytes: MAX_BYTES,
        isolationLevel: READ_COMMITTED,
        topics: [{ topic: this.#topic, partitions }],
      })) as FetchAnswer;
    });
    return answer.responses.flatMap((response) => response.partitions);
  }

  /** Keeps what belongs where the reader is; what was asked for before it was taken elsewhere is dropped. */
  #arrived(fetched: FetchedPartition, { ahead, offset }: { ahead: Ahead; offset: bigint }): void {
    const { partition } = fetched;
    if (this.#partitions.get(partition) !== ahead || ahead.fetchFrom !== offset) return;
    this.#newest.set(partition, BigInt(fetched.highWatermark));
    const { messages, nextOffset } = takeFrom(fetched, offset, Infinity);
    if (nextOffset === offset) return;
    for (const message of messages) ahead.records.push(message);
    ahead.fetchFrom = nextOffset;
    ahead.wake?.();
  }

  /** Some position is outside of what its partition keeps. kafkajs would go on at the end, and skip everything. */
  async #checkBounds(asked: ReadonlyMap<number, { readonly ahead: Ahead; readonly offset: bigint }>): Promise<void> {
    for (const [partition, { ahead, offset }] of asked) {
      try {
        const { low, high } = await this.#session.use('reading where a partition begins', (cluster) =>
          partitionBounds(cluster, this.#topic, partition),
        );
        if (offset < low && this.#partitions.get(partition) === ahead && ahead.fetchFrom === offset) {
          // Who begins at the beginning begins at what is there.
          if (offset > 0n) this.#onError(new EventsExpiredError(this.#topic, partition, offset, low));
          ahead.fetchFrom = low;
          ahead.wake?.();
        }
        if (offset > high) this.#block(ahead, new LogEndsBeforeError(this.#topic, partition, offset, high));
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  #block(ahead: Ahead, error: Error): void {
    ahead.isBlocked = true;
    this.#onError(error);
    const unblock = async (): Promise<void> => {
      await pause(BLOCK_MS, this.#closing.signal);
      ahead.isBlocked = false;
      this.#fetch();
    };
    this.#inBackground(unblock());
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#failures += 1;
    this.#onError(new Error(`events cannot be fetched (${asError(error).message}); trying again`, { cause: error }));
    await pause(backoffMs(this.#failures), this.#closing.signal);
  }
}
