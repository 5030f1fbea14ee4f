import { setTimeout as delay } from 'node:timers/promises';
import type { StoredEvent } from '../event-bus/event.ts';
import type { LogSource } from './log-source.ts';

/** Reads the event log without taking part in it: no table is made, no position is kept. */
export interface EventLogReader {
  /** The newest events that fit, oldest first, and where each partition's reading ended. */
  newest(count: number, fits: EventFilter): Promise<NewestEvents>;
  /** Hands on what is published from these positions on, until the signal aborts. */
  follow(
    positions: ReadonlyMap<number, bigint>,
    fits: EventFilter,
    onEvents: (events: readonly StoredEvent[]) => void,
  ): Promise<void>;
  close(): Promise<void>;
}

export type EventFilter = (event: StoredEvent) => boolean;

export interface NewestEvents {
  readonly events: readonly StoredEvent[];
  readonly ends: ReadonlyMap<number, bigint>;
}

const BLOCK = 1_000;
const POLL_MS = 250;

export function readEventLog(source: LogSource, signal: AbortSignal): EventLogReader {
  const inOrder = (events: readonly StoredEvent[]) => [...events].sort((a, b) => a.ingestedAtMs - b.ingestedAtMs);

  /** Backwards in blocks, until enough fit or the beginning is reached. */
  const newestOf = async (partition: number, end: bigint, count: number, fits: EventFilter) => {
    let found: StoredEvent[] = [];
    for (let to = end; to > 0n && found.length < count; to -= BigInt(BLOCK)) {
      const from = to > BLOCK ? to - BigInt(BLOCK) : 0n;
      const { events } = await source.read(partition, from, Number(to - from));
      found = [...events.filter(({ offset }) => offset < to).filter(fits), ...found];
    }
    return count === 0 ? [] : found.slice(-count);
  };
  return {
    newest: (count, fits) =>
      inWords(source, async () => {
        const ends = await source.endOffsets();
        const found = [];
        for (const [partition, end] of ends) found.push(...(await newestOf(partition, end, count, fits)));
        return { events: count === 0 ? [] : inOrder(found).slice(-count), ends };
      }),
    follow: (positions, fits, onEvents) =>
      inWords(source, async () => {
        const next = new Map(positions);
        while (!signal.aborted) {
          const found = [];
          for (const [partition, position] of next) {
            const { events, nextOffset } = await source.read(partition, position, BLOCK);
            next.set(partition, nextOffset);
            found.push(...events);
          }
          onEvents(inOrder(found).filter(fits));
          if (found.length === 0) await pause(signal);
        }
      }),
    close: () => source.close(),
  };
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(POLL_MS, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function inWords<T>(source: LogSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw source.inWords(error);
  }
}
