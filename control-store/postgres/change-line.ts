import { sql } from 'kysely';
import type { Database, Tx } from './schema.ts';

/** Any numbers that nothing else locks in this database. */
const LINE_LOCK = 7_310_003;
const CHANGE_LOCK = 7_310_002;

/**
 * Runs changes one at a time, over all processes: until one commits, no other begins. So ruleset versions have no gaps and are published
 * in order, and what a change read is still so when it writes.
 *
 * Changes wait in line, within a process without holding a connection, and then for the line of all processes. Kills pass the line: a kill
 * waits for the change that is being made and for nothing else, on a connection of its own.
 */
export class ChangeLine {
  readonly #database: Database;
  readonly #urgentDatabase: Database;
  #last: Promise<unknown> = Promise.resolve();

  constructor(database: Database, urgentDatabase: Database) {
    this.#database = database;
    this.#urgentDatabase = urgentDatabase;
  }

  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const change = (): Promise<T> =>
      this.#database.transaction().execute(async (tx) => {
        await lock(tx, LINE_LOCK);
        await lock(tx, CHANGE_LOCK);
        return await work(tx);
      });
    const result = this.#last.then(change, change);
    this.#last = result;
    return await result;
  }

  async runAhead<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return await this.#urgentDatabase.transaction().execute(async (tx) => {
      await lock(tx, CHANGE_LOCK);
      return await work(tx);
    });
  }
}

/** Keeps every change and every kill out until the transaction ends; what is under way finishes first. */
export async function lockOutChanges(tx: Tx): Promise<void> {
  await lock(tx, LINE_LOCK);
  await lock(tx, CHANGE_LOCK);
}

async function lock(tx: Tx, number: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(${number})`.execute(tx);
}
