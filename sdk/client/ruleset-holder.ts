import type { Experiment, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { WatchResponse } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { compileRuleset, type CompiledRuleset } from '../evaluation/compile.ts';
import { applyDelta } from '../evaluation/delta.ts';
import { InvalidRulesetError } from '../evaluation/evaluation.ts';
import { LastKnownGood } from './last-known-good.ts';
import type { Settings } from './options.ts';

/** How often the kept file learns that the server still stands by it, as a share of the maximum staleness. */
const KEEP_ANEW_RATIO = 0.25;

/** How far a machine's clock may be set back between two starts. */
const CLOCK_SKEW_MS = 10_000;

/** The ruleset in force, how old the last word from the server is, and its copy on disk. */
export class RulesetHolder {
  readonly #settings: Settings;
  readonly #kept: LastKnownGood | null;
  #compiled: CompiledRuleset | null = null;
  #heardAtMs = -Infinity;
  #keptAtMs = -Infinity;
  #isStale = false;
  #refused = 0;
  #isClosed = false;
  #hasUnkept = false;
  #keeping: Promise<void> | undefined;
  readonly #staleness: NodeJS.Timeout;
  readonly #firstRuleset: Promise<void>;
  #isReady: () => void = () => undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#kept = settings.dataDirectory === null ? null : new LastKnownGood(settings.dataDirectory);
    this.#firstRuleset = new Promise((resolve) => (this.#isReady = resolve));
    this.#staleness = setInterval(() => this.#checkStaleness(), Math.min(1_000, settings.maxStalenessMs)).unref();
  }

  get compiled(): CompiledRuleset | null {
    return this.#compiled;
  }
  get isStale(): boolean {
    return this.#isStale;
  }
  get refused(): number {
    return this.#refused;
  }

  experiment(key: string): Experiment | undefined {
    return this.#compiled?.experiment(key);
  }

  /** Resolves once there is a ruleset, from the server or from disk. */
  ready(): Promise<void> {
    return this.#firstRuleset;
  }

  /** Uses what was kept on disk, unless the server was faster. Never rejects. */
  async load(): Promise<void> {
    if (this.#kept === null) return;
    try {
      await this.#kept.removeUnfinished();
      const kept = await this.#kept.read();
      if (kept === null || this.#compiled !== null || this.#isClosed) return;
      // A time to come says nothing about the age of the file: it counts as old.
      const isPossible = kept.heardAtMs <= this.#settings.clock() + CLOCK_SKEW_MS;
      this.#heardAtMs = isPossible ? kept.heardAtMs : -Infinity;
      this.#use(kept.ruleset);
      this.#checkStaleness();
    } catch (error) {
      this.#settings.onProblem({ kind: 'stored-ruleset-unusable', message: messageOf(error) });
    }
  }

  /** Returns false where the message cannot be used and a snapshot is needed. */
  take({ update }: WatchResponse): boolean {
    if (update === undefined) return true;
    if (update.$case === 'heartbeat' && update.value.version !== (this.#compiled?.version ?? 0)) return false;
    try {
      if (update.$case === 'snapshot') this.#replace(update.value);
      else if (update.$case === 'delta') this.#replace(applyDelta(this.#inForce(), update.value));
    } catch (error) {
      // Whatever is wrong with it, the service that the SDK runs in must go on with the ruleset that it has.
      this.#refused += 1;
      const message = `${messageOf(error)}; version ${this.#compiled?.version ?? 0} stays in force`;
      this.#settings.onProblem({ kind: 'ruleset-refused', message });
      return false;
    }
    this.#heard();
    return true;
  }

  /** Waits until the newest ruleset is on disk. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#staleness);
    await this.#keeping;
  }

  #inForce(): Ruleset {
    if (this.#compiled === null) throw new InvalidRulesetError(['a delta came before any snapshot']);
    return this.#compiled.ruleset;
  }

  /** A server that was restored from an old backup must not take a kill back: an older version is refused. */
  #replace(ruleset: Ruleset): void {
    if (this.#compiled !== null && ruleset.version < this.#compiled.version) {
      throw new InvalidRulesetError([`version ${ruleset.version} is older than the one in force`]);
    }
    this.#use(ruleset);
    this.#keep();
  }

  #use(ruleset: Ruleset): void {
    this.#compiled = compileRuleset(ruleset, this.#compiled);
    this.#isReady();
    this.#settings.onRuleset(ruleset);
  }

  #heard(): void {
    this.#heardAtMs = this.#settings.clock();
    this.#isStale = false;
    if (this.#heardAtMs - this.#keptAtMs > KEEP_ANEW_RATIO * this.#settings.maxStalenessMs) this.#keep();
  }

  #checkStaleness(): void {
    const wasStale = this.#isStale;
    const nowMs = this.#settings.clock();
    // A clock that was set back must not make the last word look younger than it is for longer than need be.
    this.#heardAtMs = Math.min(this.#heardAtMs, nowMs);
    this.#isStale = nowMs - this.#heardAtMs > this.#settings.maxStalenessMs;
    if (this.#compiled === null || !this.#isStale || wasStale) return;
    const { address, maxStalenessMs } = this.#settings;
    const message = `no word from ${address} for over ${maxStalenessMs} ms; unshipped experiments serve control`;
    this.#settings.onProblem({ kind: 'stale', message });
  }

  /** One write at a time, and always of the newest: those in between are never written. */
  #keep(): void {
    if (this.#kept === null) return;
    this.#hasUnkept = true;
    this.#keptAtMs = this.#settings.clock();
    this.#keeping ??= this.#write(this.#kept);
  }

  async #write(kept: LastKnownGood): Promise<void> {
    while (this.#hasUnkept) {
      // The ruleset is complete in force, and the time of this word known, once the message that brought it was taken.
      await Promise.resolve();
      this.#hasUnkept = false;
      const ruleset = this.#compiled?.ruleset;
      if (ruleset === undefined) break;
      try {
        await kept.write({ ruleset, heardAtMs: this.#heardAtMs });
      } catch (error) {
        const message = `the ruleset could not be kept in ${this.#settings.dataDirectory}: ${messageOf(error)}`;
        this.#settings.onProblem({ kind: 'ruleset-not-stored', message });
      }
    }
    this.#keeping = undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
