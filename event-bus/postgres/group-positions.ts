import { sql, type Kysely } from 'kysely';
import type { EventBatch } from '../port.ts';
import { storeGroupOffset } from './read.ts';
import type { EventLogTables } from './tables.ts';

const NOTE_EVERY_MS = 5_000;

/**
 * How far a group has read, for the log's retention: nothing is deleted that a group which is still about has yet to read. A group that keeps
 * its offsets elsewhere notes its place here now and then; that is never further than where it is.
 */
export class GroupPositions {
  readonly #db: Kysely<EventLogTables>;
  readonly #group: number;
  readonly #notedAtMs = new Map<number, number>();
  readonly #clock: () => number;

  constructor(db: Kysely<EventLogTables>, group: number, clock: () => number = () => performance.now()) {
    this.#db = db;
    this.#group = group;
    this.#clock = clock;
  }

  /** After a batch was handled. */
  async handled(
    { partition, nextOffset }: EventBatch,
    { isKeptHere }: { readonly isKeptHere: boolean },
  ): Promise<void> {
    const isDue = this.#isDue(partition);
    if (isKeptHere || isDue) await storeGroupOffset(this.#db, this.#group, partition, nextOffset);
    if (isDue) await this.#seen();
  }

  /** After a batch failed: the group stands still, and is about all the same. */
  async failed({ partition }: EventBatch): Promise<void> {
    if (this.#isDue(partition)) await this.#seen();
  }

  #isDue(partition: number): boolean {
    const nowMs = this.#clock();
    if (nowMs - (this.#notedAtMs.get(partition) ?? -Infinity) < NOTE_EVERY_MS) return false;
    this.#notedAtMs.set(partition, nowMs);
    return true;
  }

  async #seen(): Promise<void> {
    await sql`UPDATE event_log_groups SET seen_at = now() WHERE id = ${this.#group}::integer`.execute(this.#db);
  }
}
