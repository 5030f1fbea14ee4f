import pg from 'pg';
import { Ruleset, RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { ControlStoreLogger } from '../logger.ts';
import { CHANNEL } from './publish.ts';
import type { Database } from './schema.ts';

const POLL_INTERVAL_MS = 1_000;
const RECONNECT_DELAY_MS = 200;
/** Rulesets may be large, so that few are held in memory at once. */
const MAX_ROWS = 16;

export type OnRuleset = (ruleset: Ruleset, delta: RulesetDelta | null) => void;

interface Publication {
  readonly ruleset: Ruleset;
  /** From the version before. */
  readonly delta: RulesetDelta | null;
}

interface Watcher {
  readonly onRuleset: OnRuleset;
  lastVersion: number;
}

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
  readonly #watchers = new Set<Watcher>();
  #listener: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();
  #isReadQueued = false;
  #isClosed = false;
  #hasFailed = false;

  constructor(options: RulesetFeedOptions) {
    this.#options = options;
  }

  /** Hands the current ruleset over before it returns. */
  async watch(onRuleset: OnRuleset): Promise<() => Promise<void>> {
    const current = await this.#read(0);
    const watcher: Watcher = { onRuleset, lastVersion: 0 };
    for (const row of current) this.#deliver(watcher, row);
    this.#watchers.add(watcher);
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.#wake(), POLL_INTERVAL_MS);
      this.#listen();
    }
    this.#wake();
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
    const listener = this.#listener;
    this.#listener = null;
    await listener?.end();
    await this.#reading;
  }

  /** Reads soon; wakes during a read make one more read. */
  #wake(): void {
    if (this.#isReadQueued) return;
    this.#isReadQueued = true;
    this.#reading = this.#reading.then(async () => {
      this.#isReadQueued = false;
      await this.#readAll();
    });
  }

  async #readAll(): Promise<void> {
    if (this.#watchers.size === 0) return;
    try {
      let rows: readonly Publication[];
      do {
        const oldest = Math.min(...[...this.#watchers].map((watcher) => watcher.lastVersion));
        rows = await this.#read(oldest);
        for (const row of rows) for (const watcher of this.#watchers) this.#deliver(watcher, row);
      } while (rows.length === MAX_ROWS && this.#watchers.size > 0);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#warn('rulesets cannot be read; trying again every second', error);
      this.#hasFailed = true;
    }
  }

  /** Versions after one, in order; for version 0 only the current one. */
  async #read(after: number): Promise<readonly Publication[]> {
    const query = this.#options.database.selectFrom('rulesets').select(['ruleset', 'delta']);
    const rows = await (
      after === 0
        ? query.orderBy('version', 'desc').limit(1)
        : query.where('version', '>', after).orderBy('version').limit(MAX_ROWS)
    ).execute();
    return rows.map(({ ruleset, delta }) => ({
      ruleset: Ruleset.decode(ruleset),
      delta: delta === null ? null : RulesetDelta.decode(delta),
    }));
  }

  #deliver(watcher: Watcher, { ruleset, delta }: Publication): void {
    if (ruleset.version <= watcher.lastVersion) return;
    const fitting = delta !== null && delta.baseVersion === watcher.lastVersion ? delta : null;
    watcher.lastVersion = ruleset.version;
    try {
      watcher.onRuleset(ruleset, fitting);
    } catch (error) {
      this.#warn(`a watcher failed on ruleset ${ruleset.version}`, error);
    }
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
