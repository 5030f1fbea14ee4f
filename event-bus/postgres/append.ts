import { sql, type Kysely, type RawBuilder } from 'kysely';
import { backoffMs, pause } from './pause.ts';
import type { EventLogTables } from './tables.ts';
import { isTransient } from './transient.ts';

const MAX_ROWS = 5_000;

/**
 * Appends events (JSON texts) to one partition. The update of the partition's row locks it until commit, so offsets become visible in
 * their order and without gaps: a reader that has seen offset n never sees a smaller one appear later.
 */
export function appendStatement(partition: number, events: readonly string[]): RawBuilder<unknown> {
  return sql`
    WITH head AS (
      UPDATE event_log_partitions SET next_offset = next_offset + ${events.length}::bigint
      WHERE partition = ${partition}::integer
      RETURNING next_offset - ${events.length}::bigint AS first_offset
    )
    INSERT INTO event_log_events (partition, "offset", ingested_at_ms, event)
    SELECT ${partition}::integer, head.first_offset + item.position - 1,
           (extract(epoch FROM clock_timestamp()) * 1000)::bigint, item.event::json
    FROM head, unnest(${events}::text[]) WITH ORDINALITY AS item (event, position)`;
}

interface Waiting {
  readonly events: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Appends to one partition, one statement at a time; what arrives meanwhile goes into the next one together, so that many small
 * publishes share a commit. While PostgreSQL is away the same batch is tried again before any other, which keeps the order.
 */
export class PartitionAppender {
  readonly #db: Kysely<EventLogTables>;
  readonly #partition: number;
  readonly #retryForMs: number;
  #queue: Waiting[] = [];
  #isRunning = false;

  constructor(db: Kysely<EventLogTables>, partition: number, retryForMs: number) {
    this.#db = db;
    this.#partition = partition;
    this.#retryForMs = retryForMs;
  }

  /** Resolves once durable. After a rejection the events may or may not be in the log; appending them again is safe. */
  async append(events: readonly string[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ events, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Never rejects: every failure goes to those who wait for it. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#appendDurably(group.flatMap(({ events }) => events));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isRunning = false;
  }

  #takeGroup(): Waiting[] {
    let rows = 0;
    let count = 0;
    for (const { events } of this.#queue) {
      if (count > 0 && rows + events.length > MAX_ROWS) break;
      rows += events.length;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #appendDurably(events: readonly string[]): Promise<void> {
    for (let start = 0; start < events.length; start += MAX_ROWS) {
      const statement = appendStatement(this.#partition, events.slice(start, start + MAX_ROWS));
      await retryTransient(() => statement.execute(this.#db), this.#retryForMs);
    }
  }
}

/** Runs a statement again while PostgreSQL is away, for at most `forMs`. */
export async function retryTransient<T>(work: () => Promise<T>, forMs: number): Promise<T> {
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const waitMs = backoffMs(attempt);
      if (!isTransient(error) || performance.now() - startedAt + waitMs > forMs) throw error;
      await pause(waitMs);
    }
  }
}
