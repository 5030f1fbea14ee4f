import type { ConsumerLag } from '../metrics.ts';
import type { Consumer } from '../port.ts';
import type { GroupMembership, MembershipEvents } from './membership.ts';
import { PartitionReader, type PartitionWork } from './partition-reader.ts';
import { backoffMs, pause } from '../pause.ts';

const REBALANCE_EVERY_MS = 200;

export interface GroupConsumerOptions {
  /** Takes a seat in the group. */
  join(events: MembershipEvents): Promise<GroupMembership>;
  /** Where each partition ends now. */
  endOffsets(signal: AbortSignal): Promise<ReadonlyMap<number, bigint>>;
  readonly work: Omit<PartitionWork, 'onProgress'>;
  onEnd(): void;
}

/**
 * A member of a consumer group. Several times a second it looks who else is alive, gives back what is no longer its share and takes what
 * is. When its connection breaks, its partitions are others' to take: it finishes the batches at hand and joins anew.
 */
export class GroupConsumer implements Consumer {
  readonly #options: GroupConsumerOptions;
  readonly #readers = new Map<number, PartitionReader>();
  readonly #leaving = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #watchers = new Set<() => void>();
  #sleep = new AbortController();
  #membership: GroupMembership | undefined;
  /** Undefined while it is not known. */
  #share: ReadonlySet<number> | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(options: GroupConsumerOptions) {
    this.#options = options;
  }

  /** Resolves once it has joined. Rejects where that fails. */
  static async start(options: GroupConsumerOptions): Promise<GroupConsumer> {
    const consumer = new GroupConsumer(options);
    consumer.#membership = await consumer.#join();
    consumer.#ended = consumer.#run();
    return consumer;
  }

  async caughtUp(): Promise<void> {
    this.#assertRunning();
    const ends = await this.#options.endOffsets(this.#stop.signal);
    await new Promise<void>((resolve, reject) => {
      const watcher = (): void => {
        const isStopped = this.#stop.signal.aborted;
        if (!isStopped && !this.#hasReached(ends)) return;
        this.#watchers.delete(watcher);
        if (isStopped) reject(new Error('the consumer was stopped before it had caught up'));
        else resolve();
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  /** How far this member is with its partitions, where that is known. */
  lag(group: string, newestOf: (partition: number) => bigint | undefined): ConsumerLag[] {
    return [...this.#readers].flatMap(([partition, { position, handled }]) => {
      const newest = newestOf(partition);
      if (position === undefined || newest === undefined) return [];
      return [{ group, partition, handled, lag: newest > position ? Number(newest - position) : 0 }];
    });
  }

  async stop(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort();
      this.#sleep.abort();
      this.#tellWatchers();
      this.#options.onEnd();
    }
    await this.#ended;
  }

  /** A broken connection is looked into at once: its partitions may have another reader already. */
  async #join(): Promise<GroupMembership> {
    return await this.#options.join({
      signal: this.#stop.signal,
      onLost: (error) => {
        this.#options.work.onLogError(error);
        this.#sleep.abort();
      },
      onChange: () => this.#sleep.abort(),
    });
  }

  #assertRunning(): void {
    if (this.#stop.signal.aborted) throw new Error('the consumer is stopped');
  }

  #hasReached(ends: ReadonlyMap<number, bigint>): boolean {
    if (this.#share === undefined) return false;
    for (const partition of this.#share) {
      const position = this.#readers.get(partition)?.position;
      if (position === undefined || position < (ends.get(partition) ?? 0n)) return false;
    }
    return true;
  }

  #tellWatchers(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Never rejects: every failure is told and tried again. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      this.#sleep = new AbortController();
      try {
        this.#membership ??= await this.#join();
        await this.#rebalance(this.#membership);
        failures = 0;
        await pause(REBALANCE_EVERY_MS, this.#sleep.signal);
      } catch (error) {
        if (!signal.aborted) {
          const lost = new Error('the place in the consumer group was lost; joining again', { cause: error });
          this.#options.work.onLogError(lost);
        }
        await this.#leave();
        failures += 1;
        await pause(backoffMs(failures), signal);
      }
    }
    await this.#leave();
  }

  async #rebalance(membership: GroupMembership): Promise<void> {
    const share = await membership.share();
    this.#share = share;
    for (const [partition, reader] of this.#readers) {
      if (share.has(partition)) continue;
      this.#readers.delete(partition);
      this.#leaving.set(partition, this.#giveBack(membership, partition, reader));
    }
    for (const partition of share) {
      // One that is still being given back is taken again when that is done.
      if (this.#readers.has(partition) || this.#leaving.has(partition)) continue;
      if (!(await membership.tryTake(partition))) continue;
      const work = { ...this.#options.work, onProgress: () => this.#tellWatchers() };
      this.#readers.set(partition, new PartitionReader(partition, work));
    }
    this.#tellWatchers();
  }

  /** Never rejects. A connection that breaks here gives the lock back by itself. */
  async #giveBack(membership: GroupMembership, partition: number, reader: PartitionReader): Promise<void> {
    await reader.stop();
    try {
      await membership.giveBack(partition);
    } catch (error) {
      this.#options.work.onLogError(new Error(`partition ${partition} could not be given back`, { cause: error }));
    }
    this.#leaving.delete(partition);
  }

  async #leave(): Promise<void> {
    this.#share = undefined;
    await Promise.all([...[...this.#readers.values()].map((reader) => reader.stop()), ...this.#leaving.values()]);
    this.#readers.clear();
    const membership = this.#membership;
    this.#membership = undefined;
    try {
      await membership?.leave();
    } catch (error) {
      this.#options.work.onLogError(new Error('the consumer group could not be left in order', { cause: error }));
    }
  }
}
