import pg from 'pg';
import { RulesetDelta, type Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { applyDelta } from '@third-umpire/sdk';
import type { ControlStoreLogger } from '../logger.ts';
import { CHANNEL, loadCurrent } from './publish.ts';
import type { Database } from './schema.ts';

const POLL_INTERVAL_MS = 1_000;
const RECONNECT_DELAY_MS = 200;
const MAX_ROWS = 100;

export type OnRuleset = (ruleset: Ruleset, delta: RulesetDelta | null) => void;

export interface RulesetFeedOptions {
  readonly url: string;
  readonly database: Database;
  readonly logger: ControlStoreLogger;
}

/**
 * Hands every ruleset to every watcher, in order. A notification only says that there is something to read; what is read comes from the
 * table, so that a lost notification costs one poll interval and never a version.
 */
export class RulesetFeed {
  readonly #options: RulesetFeedOptions;
  readonly #watchers = new Set<OnRuleset>();
  /** What every watcher was handed last; null while nobody watches. */
  #latest: Ruleset | null = null;
  #listener: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();
  #isWakeQueued = false;
  #isClosed = false;
  #hasFailed = false;

  constructor(options: RulesetFeedOptions) {
    this.#options = options;
  }

  /** Hands the current ruleset over before it returns. */
  async watch(onRuleset: OnRuleset): Promise<() => Promise<void>> {
    await this.#catchUp();
    // Null again where the last watcher just left.
    while (this.#latest === null) await this.#catchUp();
    // A function of its own, so that one that watches twice is told twice.
    const watcher: OnRuleset = (ruleset, delta) => onRuleset(ruleset, delta);
    this.#watchers.add(watcher);
    this.#tell(watcher, this.#latest, null);
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.#wake(), POLL_INTERVAL_MS);
      this.#listen();
    }
    return async () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) await this.#stop();
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watchers.clear();
    await this.#stop();
  }

  async #stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#latest = null;
    const listener = this.#listener;
    this.#listener = null;
    await listener?.end();
    await this.#reading;
  }

  /** Reads soon; wakes during a read make one more read. */
  #wake(): void {
    if (this.#isWakeQueued) return;
    this.#isWakeQueued = true;
    this.#catchUp(() => (this.#isWakeQueued = false)).then(
      () => (this.#hasFailed = false),
      (error: unknown) => {
        if (!this.#hasFailed) this.#warn('rulesets cannot be read; trying again every second', error);
        this.#hasFailed = true;
      },
    );
  }

  /** Reads and tells what is newer, after every read that was asked for before. */
  #catchUp(onBegin?: () => void): Promise<void> {
    const read = this.#reading.then(async () => {
      onBegin?.();
      await this.#tellNewer();
    });
    // Whoever asked is told of the failure; the next read begins all the same.
    this.#reading = read.catch(() => undefined);
    return read;
  }

  async #tellNewer(): Promise<void> {
    for (;;) {
      this.#latest ??= await this.#readNewest();
      const rows = await this.#readDeltas(this.#latest.version);
      for (const row of rows) {
        const latest: Ruleset | null = this.#latest;
        if (latest === null || row.version <= latest.version) continue;
        const delta: RulesetDelta | null = row.delta?.baseVersion === latest.version ? row.delta : null;
        // What a delta does not touch stays the same object, which SDKs make use of.
        const ruleset: Ruleset = delta === null ? await this.#readNewest() : applyDelta(latest, delta);
        this.#latest = ruleset;
        for (const watcher of this.#watchers) this.#tell(watcher, ruleset, delta);
      }
      if (rows.length < MAX_ROWS) return;
    }
  }

  #tell(watcher: OnRuleset, ruleset: Ruleset, delta: RulesetDelta | null): void {
    try {
      watcher(ruleset, delta);
    } catch (error) {
      this.#warn(`a watcher failed on ruleset ${ruleset.version}`, error);
    }
  }

  async #readNewest(): Promise<Ruleset> {
    return await loadCurrent(this.#options.database);
  }

  /** Versions after one, in order. */
  async #readDeltas(
    after: number,
  ): Promise<readonly { readonly version: number; readonly delta: RulesetDelta | null }[]> {
    const rows = await this.#options.database
      .selectFrom('rulesets')
      .select(['version', 'delta'])
      .where('version', '>', after)
      .orderBy('version')
      .limit(MAX_ROWS)
      .execute();
    return rows.map(({ version, delta }) => ({ version, delta: delta === null ? null : RulesetDelta.decode(delta) }));
  }

  #warn(message: string, error: unknown): void {
    this.#options.logger.warn({ err: error }, `control store: ${message}`);
  }

  /** One connection of its own for LISTEN, opened again whenever it is lost. */
  #listen(): void {
    const client = new pg.Client({ connectionString: this.#options.url, keepAlive: true });
    this.#listener = client;
    let isLost = false;
    const reconnect = (): void => {
      if (isLost || this.#listener !== client || this.#isClosed) return;
      isLost = true;
      setTimeout(() => {
        if (this.#listener === client && !this.#isClosed) this.#listen();
      }, RECONNECT_DELAY_MS);
    };
    client.on('notification', () => this.#wake());
    client.on('error', reconnect);
    client.on('end', reconnect);
    client
      .connect()
      .then(async () => {
        await client.query(`listen ${CHANNEL}`);
        // Whatever was published while nobody listened.
        this.#wake();
      })
      .catch(reconnect);
  }
}
