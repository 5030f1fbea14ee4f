import type { Message } from 'kafkajs';
import { EventLogBacklogError, EventLogUnavailableError } from '../errors.ts';
import { backoffMs, pause } from '../pause.ts';
import { asError, kafkaErrorType } from './failure.ts';
import { assignProducerId, produce, type ProducerIdentity } from './produce.ts';
import type { KafkaSession } from './session.ts';

const MAX_BATCH_EVENTS = 5_000;

export interface ProducerOptions {
  readonly session: KafkaSession;
  readonly topic: string;
  readonly partition: number;
  /** How long a caller waits before it is told that there is no acknowledgement yet. */
  readonly retryForMs: number;
  /** Events that may wait. */
  readonly maxBacklog: number;
  readonly maxBatchBytes: number;
  /** For the acknowledgement of one attempt. */
  readonly requestTimeoutMs: number;
  /** Told of each failed attempt. */
  readonly onError: (error: Error) => void;
}

export interface ProducerRecord {
  readonly key: string | null;
  /** Null: a mark that forgets what was stored under the key. */
  readonly value: Buffer | null;
}

/** Records that are stored together, or not at all. */
interface Chunk {
  readonly records: readonly ProducerRecord[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const OVERHEAD_BYTES = 64;

/** The broker has it already: its acknowledgement was lost, or came late. */
const STORED_BEFORE = 'DUPLICATE_SEQUENCE_NUMBER';
/** The broker knows nothing of this producer any more, as after a long silence: it begins anew. */
const FORGOTTEN: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);
/** The broker will never take this batch, and has not. */
const REFUSED: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);

/**
 * The producer of one partition, with one send in flight; what arrives meanwhile goes into the next batch together. A batch gets its
 * numbers (producer id, first sequence) once and keeps them until the broker has acknowledged it: after a failure the same batch goes
 * again, before any other, as often as it takes. So a batch whose acknowledgement was lost is known to the broker and not stored twice,
 * and no number is ever used for something else, which the broker would drop while acknowledging it.
 *
 * kafkajs' own producer breaks both rules when several sends are in flight, or when an application goes on after its retries ran out.
 */
export class PartitionProducer {
  readonly #options: ProducerOptions;
  readonly #closing = new AbortController();
  readonly #counts = { stored: 0, failures: 0 };
  #queue: Chunk[] = [];
  #backlog = 0;
  #running: Promise<void> | undefined;
  #identity: ProducerIdentity | undefined;
  #nextSequence = 0;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  get counts(): { readonly stored: number; readonly failures: number; readonly waiting: number } {
    return { ...this.#counts, waiting: this.#backlog };
  }

  /**
   * Resolves once durable. Where it takes longer than `retryForMs` it rejects, and goes on trying all the same.
   *
   * @throws EventLogBacklogError
   * @throws EventLogUnavailableError
   */
  async append(records: readonly ProducerRecord[]): Promise<void> {
    if (this.#backlog > 0 && this.#backlog + records.length > this.#options.maxBacklog) {
      throw new EventLogBacklogError(this.#backlog, 'Kafka');
    }
    const stored = this.#chunks(records).map((chunk) => this.#enqueue(chunk));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const { retryForMs } = this.#options;
      const cause = new Error(`no acknowledgement within ${retryForMs} ms; it is still tried`);
      timer = setTimeout(() => reject(new EventLogUnavailableError(cause)), retryForMs);
    });
    try {
      await Promise.race([Promise.all(stored), late]);
    } finally {
      clearTimeout(timer);
      // A caller that was told already is told once.
      void Promise.allSettled(stored);
    }
  }

  /** Waits for what is being stored, for at most `graceMs`; what is left then is told to be in doubt. */
  async close(graceMs: number): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const timer = setTimeout(() => this.#closing.abort(), graceMs);
    await running;
    clearTimeout(timer);
  }

  #chunks(records: readonly ProducerRecord[]): { records: ProducerRecord[]; bytes: number }[] {
    const chunks: { records: ProducerRecord[]; bytes: number }[] = [];
    for (const record of records) {
      const bytes = (record.value?.length ?? 0) + (record.key?.length ?? 0) * 3 + OVERHEAD_BYTES;
      const last = chunks.at(-1);
      if (last !== undefined && this.#fits(last.bytes + bytes, last.records.length + 1)) {
        last.records.push(record);
        last.bytes += bytes;
      } else {
        chunks.push({ records: [record], bytes });
      }
    }
    return chunks;
  }

  #fits(bytes: number, events: number): boolean {
    return bytes <= this.#options.maxBatchBytes && events <= MAX_BATCH_EVENTS;
  }

  #enqueue({ records, bytes }: { records: readonly ProducerRecord[]; bytes: number }): Promise<void> {
    this.#backlog += records.length;
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ records, bytes, resolve, reject });
      this.#running ??= this.#run().finally(() => (this.#running = undefined));
    });
  }

  /** Never rejects: every failure goes to those who wait for it. */
  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      const records = group.flatMap((chunk) => chunk.records);
      const timestamp = String(Date.now());
      const messages = records.map(({ key, value }): Message => ({ key, value, timestamp }));
      try {
        await this.#store(messages);
        this.#counts.stored += messages.length;
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      this.#backlog -= records.length;
    }
  }

  #takeGroup(): Chunk[] {
    let [bytes, events, count] = [0, 0, 0];
    for (const chunk of this.#queue) {
      if (count > 0 && !this.#fits(bytes + chunk.bytes, events + chunk.records.length)) break;
      bytes += chunk.bytes;
      events += chunk.records.length;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  /** Tries until the broker has the batch, will never take it, or this producer is closed. */
  async #store(messages: readonly Message[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#attempt(messages);
        this.#nextSequence += messages.length;
        return;
      } catch (error) {
        const type = kafkaErrorType(error) ?? '';
        if (type === STORED_BEFORE) {
          this.#nextSequence += messages.length;
          return;
        }
        this.#counts.failures += 1;
        // An earlier attempt may have been stored: its numbers are not given to another batch.
        if (REFUSED.has(type) || FORGOTTEN.has(type)) this.#identity = undefined;
        if (REFUSED.has(type)) throw error;
        if (this.#closing.signal.aborted) throw new EventLogUnavailableError(error);
        this.#options.onError(
          new Error(
            `${messages.length} events are not acknowledged yet (${asError(error).message}); they are sent again`,
            {
              cause: error,
            },
          ),
        );
        await pause(backoffMs(attempt), this.#closing.signal);
      }
    }
  }

  async #attempt(messages: readonly Message[]): Promise<void> {
    const { session, topic, partition, requestTimeoutMs } = this.#options;
    if (this.#identity === undefined || this.#nextSequence + messages.length > MAX_SEQUENCE) {
      this.#identity = await session.use('asking for a producer id', assignProducerId, requestTimeoutMs * 2);
      this.#nextSequence = 0;
    }
    const batch = { topic, partition, messages, firstSequence: this.#nextSequence, producer: this.#identity };
    const what = `storing ${messages.length} events in partition ${partition} of ${topic}`;
    await session.use(what, (cluster) => produce(cluster, batch, requestTimeoutMs), requestTimeoutMs * 2);
  }
}

/** The protocol counts in 32 bits, and kafkajs does not go round: a new producer begins at 0. */
const MAX_SEQUENCE = 2_147_483_647;
