import type { ErasedIds } from '../../erasure-port.ts';
import { hashOf } from './id-hash.ts';
import type { Database } from '../schema.ts';

/** Keeps the erased ids of the table in memory, and reads what was added when they are asked for. */
export class ErasedIdsReader {
  readonly #database: Database;
  readonly #until = new Map<string, number>();
  #key: Buffer | null = null;
  #lastChange = '0';
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

  readonly #ids: ErasedIds = ((reader: ErasedIdsReader) => ({
    get size() {
      return reader.#until.size;
    },
    get version() {
      return BigInt(reader.#lastChange);
    },
    untilMs: (id: string) =>
      reader.#until.size === 0 || reader.#key === null
        ? undefined
        : reader.#until.get(hashOf(reader.#key, id).toString('base64')),
  }))(this);

  /** Whoever asks meanwhile waits for the next one: the one under way may have begun before what he must see. */
  async #read(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#fetch().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #fetch(): Promise<void> {
    const startedAtMs = performance.now();
    this.#key ??= (await this.#database.selectFrom('erasure_key').select('key').executeTakeFirstOrThrow()).key;
    // Changes are numbered in the order in which they commit: requests are taken one at a time.
    const rows = await this.#database
      .selectFrom('erased_ids')
      .select(['id_hash', 'erased_until', 'change'])
      .where('change', '>', this.#lastChange)
      .orderBy('change')
      .execute();
    for (const { id_hash: hash, erased_until: until, change } of rows) {
      this.#until.set(hash.toString('base64'), until.getTime());
      this.#lastChange = change;
    }
    this.#readAtMs = startedAtMs;
  }
}
