import type { EventBatch } from '../port.ts';
import { backoffMs, pause } from '../pause.ts';

/** What a reader needs to know of its consumer and of the log. */
export interface PartitionWork {
  /** Where to begin. */
  load(partition: number): Promise<bigint>;
  /** Resolves once there is something at or after `position`, or when `signal` aborts. */
  waitBeyond(partition: number, position: bigint, signal: AbortSignal): Promise<void>;
  read(partition: number, position: bigint): Promise<EventBatch>;
  handle(batch: EventBatch): Promise<void>;
  /** Keeps the position, where the bus does. */
  store(batch: EventBatch): Promise<void>;
  /** A batch failed; it is tried again. */
  onBatchError(error: Error, batch: EventBatch, attempt: number): void;
  /** The log could not be read or written; it is tried again. */
  onLogError(error: Error): void;
  /** The position moved. */
  onProgress(): void;
  /** The reader has ended; nothing more is read of the partition. */
  release?(partition: number): void;
}

/** Reads one partition in order, batch by batch, until it is stopped. Nothing is skipped: what fails is tried again. */
export class PartitionReader {
  readonly #partition: number;
  readonly #work: PartitionWork;
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  #position: bigint | undefined;
  #handled = 0;

  constructor(partition: number, work: PartitionWork) {
    this.#partition = partition;
    this.#work = work;
    this.#ended = this.#run().finally(() => work.release?.(partition));
  }

  /** Everything before it was handled. `undefined` until it is known. */
  get position(): bigint | undefined {
    return this.#position;
  }

  /** Events that were handled. */
  get handled(): number {
    return this.#handled;
  }

  /** Finishes the attempt at hand and resolves. Never rejects. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  /** Never rejects: every failure is told and tried again. */
  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const partition = this.#partition;
    this.#position = await this.#untilDone(
      () => this.#work.load(partition),
      (error) => this.#work.onLogError(error),
    );
    this.#work.onProgress();
    while (this.#position !== undefined && !signal.aborted) {
      const position: bigint = this.#position;
      await this.#work.waitBeyond(partition, position, signal);
      const batch = await this.#untilDone(
        () => this.#work.read(partition, position),
        (error) => this.#work.onLogError(error),
      );
      if (batch === undefined) return;
      if (batch.events.length > 0 && !(await this.#process(batch))) return;
      // Places that hold no event, such as what was compacted away.
      if (batch.events.length === 0) this.#moveTo(batch.nextOffset);
    }
  }

  /** Whether the batch was handled and its position kept. */
  async #process(batch: EventBatch): Promise<boolean> {
    const handled = await this.#untilDone(
      async () => {
        await this.#work.handle(batch);
        return true;
      },
      (error, attempt) => this.#work.onBatchError(error, batch, attempt),
    );
    if (handled === undefined) return false;
    const stored = await this.#untilDone(
      async () => {
        await this.#work.store(batch);
        return true;
      },
      (error) => this.#work.onLogError(error),
      'once after the end',
    );
    if (stored === undefined) return false;
    this.#handled += batch.events.length;
    this.#moveTo(batch.nextOffset);
    return true;
  }

  #moveTo(position: bigint): void {
    if (this.#position === position) return;
    this.#position = position;
    this.#work.onProgress();
  }

  /** The work's result, tried again with backoff; `undefined` when the reader was stopped before it succeeded. */
  async #untilDone<T>(
    work: () => Promise<T>,
    onError: (error: Error, attempt: number) => void,
    afterStop: 'never' | 'once after the end' = 'never',
  ): Promise<T | undefined> {
    const { signal } = this.#abort;
    for (let attempt = 1; ; attempt += 1) {
      if (signal.aborted && (afterStop === 'never' || attempt > 1)) return undefined;
      try {
        return await work();
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)), attempt);
        await pause(backoffMs(attempt), signal);
      }
    }
  }
}
