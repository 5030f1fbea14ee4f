import type { ErasedIds } from '../../erasure-port.ts';
import { hashOf } from './id-hash.ts';
import type { Database } from '../schema.ts';

/** Keeps the erased ids of the table in memory, and reads them anew when they have changed. */
export class ErasedIdsReader {
  readonly #database: Database;
  #ids: ErasedIds = { size: 0, version: 0, untilMs: () => undefined };
  #state = '';
  #readAtMs = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param maxAgeMs how old what is in memory may be */
  async current(maxAgeMs: number): Promise<ErasedIds> {
    if (performance.now() - this.#readAtMs > maxAgeMs) await this.#read();
    return this.#ids;
  }

  /** Whoever asks meanwhile waits for the next one: the one under way may have begun before what he must see. */
  async #read(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#fetch().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #fetch(): Promise<void> {
    const startedAtMs = performance.now();
    const state = await this.#stateOfTable();
    if (state !== this.#state) {
      this.#ids = await this.#load();
      this.#state = state;
    }
    this.#readAtMs = startedAtMs;
  }

  /** Another text after every change, also where a backup was restored meanwhile. */
  async #stateOfTable(): Promise<string> {
    const { count, change, until } = await this.#database
      .selectFrom('erased_ids')
      .select((select) => [
        select.fn.countAll<string>().as('count'),
        select.fn.max('change').as('change'),
        select.fn.max('erased_until').as('until'),
      ])
      .executeTakeFirstOrThrow();
    return `${count} ${change} ${until?.getTime()}`;
  }

  async #load(): Promise<ErasedIds> {
    const { key } = await this.#database.selectFrom('erasure_key').select('key').executeTakeFirstOrThrow();
    const rows = await this.#database.selectFrom('erased_ids').select(['id_hash', 'erased_until']).execute();
    const untilByHash = new Map(rows.map((row) => [row.id_hash.toString('base64'), row.erased_until.getTime()]));
    return {
      size: untilByHash.size,
      version: this.#ids.version + 1,
      untilMs: (id) => (untilByHash.size === 0 ? undefined : untilByHash.get(hashOf(key, id).toString('base64'))),
    };
  }
}
