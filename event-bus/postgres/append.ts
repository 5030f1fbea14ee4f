import { sql, type Kysely, type RawBuilder } from 'kysely';
import { EventLogBacklogError, EventLogUnavailableError } from '../errors.ts';
import type { EventLogTables } from './tables.ts';
import { isTransient, retryTransient } from './transient.ts';

const MAX_ROWS = 5_000;

/**
 * Appends events (JSON texts) to one partition. The update of the partition's row locks it until commit, so offsets become visible in
 * their order and without gaps: a reader that has seen offset n never sees a smaller one appear later.
 */
export function appendStatement(
  partition: number,
  events: readonly string[],
  ingestedAtMs: number | null,
): RawBuilder<unknown> {
  return sql`
    WITH head AS (
      UPDATE event_log_partitions SET next_offset = next_offset + ${events.length}::bigint
      WHERE partition = ${partition}::integer
      RETURNING next_offset - ${events.length}::bigint AS first_offset
    )
    INSERT INTO event_log_events (partition, "offset", ingested_at_ms, event)
    SELECT ${partition}::integer, head.first_offset + item.position - 1,
           coalesce(${ingestedAtMs}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint), item.event
    FROM head, json_array_elements(${`[${events.join(',')}]`}::json) WITH ORDINALITY AS item (event, position)`;
}

export interface AppendOptions {
  /** How long a batch is tried again while PostgreSQL is away. */
  readonly retryForMs: number;
  /** Events that may wait per partition. */
  readonly maxBacklog: number;
  /** Stamps `ingestedAtMs`. Default: PostgreSQL's clock, the same for every publisher. */
  readonly clock: (() => number) | undefined;
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
  readonly #options: AppendOptions;
  #queue: Waiting[] = [];
  #backlog = 0;
  #isRunning = false;
  #failedAttempts = 0;

  constructor(db: Kysely<EventLogTables>, partition: number, options: AppendOptions) {
    this.#db = db;
    this.#partition = partition;
    this.#options = options;
  }

  /** Events that wait to be stored. */
  get waiting(): number {
    return this.#backlog;
  }

  get failedAttempts(): number {
    return this.#failedAttempts;
  }

  /**
   * Resolves once durable.
   *
   * @throws EventLogBacklogError
   * @throws EventLogUnavailableError
   */
  async append(events: readonly string[]): Promise<void> {
    if (this.#backlog > 0 && this.#backlog + events.length > this.#options.maxBacklog) {
      throw new EventLogBacklogError(this.#backlog, 'PostgreSQL');
    }
    this.#backlog += events.length;
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
        const failure = isTransient(error) ? new EventLogUnavailableError(error) : error;
        for (const { reject } of group) reject(failure);
      }
      for (const { events } of group) this.#backlog -= events.length;
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
      const statement = appendStatement(
        this.#partition,
        events.slice(start, start + MAX_ROWS),
        this.#options.clock?.() ?? null,
      );
      const attempt = async (): Promise<void> => {
        this.#failedAttempts += 1;
        await statement.execute(this.#db);
        this.#failedAttempts -= 1;
      };
      await retryTransient(attempt, this.#options.retryForMs);
    }
  }
}
