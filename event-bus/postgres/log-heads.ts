import { backoffMs, pause } from '../pause.ts';

interface Waiter {
  readonly partition: number;
  readonly position: bigint;
  readonly wake: () => void;
}

const SHORTEST_POLL_MS = 10;
const LONGEST_POLL_MS = 80;

/**
 * Knows where each partition ends, by asking while someone waits: one small query for all consumers of a process. Polling instead of
 * NOTIFY, because NOTIFY takes a lock that serialises every commit of the database.
 */
export class LogHeads {
  readonly #load: () => Promise<ReadonlyMap<number, bigint>>;
  readonly #onError: (error: Error) => void;
  readonly #waiters = new Set<Waiter>();
  #heads: ReadonlyMap<number, bigint> = new Map();
  #isPolling = false;
  #sleep = new AbortController();

  constructor(load: () => Promise<ReadonlyMap<number, bigint>>, onError: (error: Error) => void) {
    this.#load = load;
    this.#onError = onError;
  }

  /** Resolves once the partition holds something at or after `position`, or when `signal` aborts. */
  async waitBeyond(partition: number, position: bigint, signal: AbortSignal): Promise<void> {
    if (signal.aborted || (this.#heads.get(partition) ?? 0n) > position) return;
    await new Promise<void>((resolve) => {
      const waiter: Waiter = {
        partition,
        position,
        wake: () => {
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', waiter.wake);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', waiter.wake, { once: true });
      if (!this.#isPolling) void this.#poll();
    });
  }

  /** The end of a partition when it was last looked at. */
  newest(partition: number): bigint | undefined {
    return this.#heads.get(partition);
  }

  /** Something was published in this process: look at once. */
  nudge(): void {
    this.#sleep.abort();
  }

  /** Never rejects: failures are told and tried again. */
  async #poll(): Promise<void> {
    this.#isPolling = true;
    let waitMs = SHORTEST_POLL_MS;
    let failures = 0;
    while (this.#waiters.size > 0) {
      this.#sleep = new AbortController();
      try {
        this.#heads = await this.#load();
        failures = 0;
        const woken = [...this.#waiters].filter(
          ({ partition, position }) => (this.#heads.get(partition) ?? 0n) > position,
        );
        for (const waiter of woken) waiter.wake();
        waitMs = woken.length > 0 ? SHORTEST_POLL_MS : Math.min(waitMs * 2, LONGEST_POLL_MS);
      } catch (error) {
        failures += 1;
        waitMs = backoffMs(failures);
        this.#onError(new Error('the event log cannot be polled; trying again', { cause: error }));
      }
      if (this.#waiters.size > 0) await pause(waitMs, this.#sleep.signal);
    }
    this.#isPolling = false;
  }
}
