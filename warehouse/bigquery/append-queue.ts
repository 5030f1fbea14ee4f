import type { EventBatch } from '../../event-bus/port.ts';

interface Waiting {
  readonly batch: EventBatch;
  readonly resolve: (added: number) => void;
  readonly reject: (error: unknown) => void;
}

export interface AppendQueueOptions {
  /** Appends batches of different partitions; returns the number of new rows by partition. */
  readonly append: (batches: readonly EventBatch[]) => Promise<ReadonlyMap<number, number>>;
  /** At least so long from the end of one append to the beginning of the next: what came meanwhile goes together, and costs once. */
  readonly everyMs: number;
  /** A batch of so many events does not wait. */
  readonly fullBatchSize: number;
}

/**
 * One append at a time, and each brings everything that waits: a load job and a transaction take seconds whether they bring one partition or all
 * of them. A failure is told to every batch that was part of it.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #isClosing = false;
  /** Ends the pause before the next append. */
  #hurry: () => void = () => undefined;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
  }

  /** Resolves with the number of new rows of this batch. */
  add(batch: EventBatch): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      if (this.#mayNotWait()) this.#hurry();
      this.#running ??= this.#run();
    });
  }

  /** Appends what waits, without a pause. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#hurry();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever calls in the same turn comes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      await this.#appendTogether(this.#takeOneOfEachPartition());
      await this.#pause();
    }
    this.#running = undefined;
  }

  #takeOneOfEachPartition(): Waiting[] {
    const taken = new Map<number, Waiting>();
    const left: Waiting[] = [];
    for (const waiting of this.#waiting) {
      if (taken.has(waiting.batch.partition)) left.push(waiting);
      else taken.set(waiting.batch.partition, waiting);
    }
    this.#waiting = left;
    // The order decides the name of the job.
    return [...taken.values()].sort((a, b) => a.batch.partition - b.batch.partition);
  }

  async #appendTogether(group: readonly Waiting[]): Promise<void> {
    try {
      const added = await this.#options.append(group.map(({ batch }) => batch));
      for (const { batch, resolve } of group) resolve(added.get(batch.partition) ?? 0);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  #mayNotWait(): boolean {
    return this.#isClosing || this.#waiting.some(({ batch }) => batch.events.length >= this.#options.fullBatchSize);
  }

  async #pause(): Promise<void> {
    if (this.#mayNotWait() || this.#options.everyMs === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#options.everyMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
