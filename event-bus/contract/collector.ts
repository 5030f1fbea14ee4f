import type { EventBatch, EventBus } from '../port.ts';

type LogEvent = EventBatch['events'][number];

/** Keeps what a consumer was given. */
export class Collector {
  readonly batches: EventBatch[] = [];
  readonly #waiters = new Set<() => void>();

  readonly onBatch = async (batch: EventBatch): Promise<void> => {
    this.batches.push(batch);
    for (const waiter of [...this.#waiters]) waiter();
  };

  get events(): readonly LogEvent[] {
    return this.batches.flatMap((batch) => batch.events);
  }

  get ids(): readonly string[] {
    return this.events.map(({ eventId }) => eventId);
  }

  /** Resolves once `isEnough` holds; looked at after every batch. */
  async until(isEnough: () => boolean): Promise<void> {
    if (isEnough()) return;
    await new Promise<void>((resolve) => {
      const waiter = (): void => {
        if (!isEnough()) return;
        this.#waiters.delete(waiter);
        resolve();
      };
      this.#waiters.add(waiter);
    });
  }
}

/** Everything in the log, by reading each partition to its end. */
export async function readAll(bus: EventBus, chunk = 500): Promise<EventBatch[]> {
  const partitions: EventBatch[] = [];
  for (const [partition, end] of await bus.endOffsets()) {
    const events: LogEvent[] = [];
    let from = 0n;
    while (from < end) {
      const batch = await bus.read(partition, from, chunk);
      if (batch.nextOffset === from)
        throw new Error(`partition ${partition} ends at ${from}, before its end offset ${end}`);
      events.push(...batch.events);
      from = batch.nextOffset;
    }
    partitions.push({ partition, events, nextOffset: from });
  }
  return partitions;
}
