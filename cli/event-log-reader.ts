import { setTimeout as delay } from 'node:timers/promises';
import { connectEventLog } from '../event-bus/postgres/database.ts';
import { loadEndOffsets, readBatch } from '../event-bus/postgres/read.ts';
import { isTransient } from '../event-bus/postgres/transient.ts';
import type { StoredEvent } from '../event-bus/event.ts';
import { CommandFailure } from './failures.ts';

/** Reads the embedded event log without taking part in it: no table is made, no position is kept. */
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

export function readEventLog(url: string, signal: AbortSignal): EventLogReader {
  const db = connectEventLog(url, () => undefined);
  const inOrder = (events: readonly StoredEvent[]) => [...events].sort((a, b) => a.ingestedAtMs - b.ingestedAtMs);

  /** Backwards in blocks, until enough fit or the beginning is reached. */
  const newestOf = async (partition: number, end: bigint, count: number, fits: EventFilter) => {
    let found: StoredEvent[] = [];
    for (let to = end; to > 0n && found.length < count; to -= BigInt(BLOCK)) {
      const from = to > BLOCK ? to - BigInt(BLOCK) : 0n;
      const { events } = await readBatch(db, partition, from, Number(to - from));
      found = [...events.filter(({ offset }) => offset < to).filter(fits), ...found];
    }
    return count === 0 ? [] : found.slice(-count);
  };
  return {
    newest: (count, fits) =>
      inWords(url, async () => {
        const ends = await loadEndOffsets(db);
        const found = [];
        for (const [partition, end] of ends) found.push(...(await newestOf(partition, end, count, fits)));
        return { events: count === 0 ? [] : inOrder(found).slice(-count), ends };
      }),
    follow: (positions, fits, onEvents) =>
      inWords(url, async () => {
        const next = new Map(positions);
        while (!signal.aborted) {
          const found = [];
          for (const [partition, position] of next) {
            const { events, nextOffset } = await readBatch(db, partition, position, BLOCK);
            next.set(partition, nextOffset);
            found.push(...events);
          }
          onEvents(inOrder(found).filter(fits));
          if (found.length === 0) await pause(signal);
        }
      }),
    close: () => db.destroy(),
  };
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(POLL_MS, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

const UNDEFINED_TABLE = '42P01';

async function inWords<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const place = placeOf(url);
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === UNDEFINED_TABLE) {
      throw new CommandFailure('NOT_FOUND', `${place} holds no event log; name the platform's own database`, {
        cause: error,
      });
    }
    if (isTransient(error)) {
      const remedy = 'is it running? "umpire up" prints the address of its own';
      throw new CommandFailure('UNAVAILABLE', `PostgreSQL does not answer on ${place}: ${remedy}`, { cause: error });
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('FAILED', `the event log on ${place} cannot be read: ${why}`, { cause: error });
  }
}

/** The address without its password. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
