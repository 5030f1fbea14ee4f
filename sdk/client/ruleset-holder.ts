import type { Experiment, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { WatchResponse } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { compileRuleset, type CompiledRuleset } from '../evaluation/compile.ts';
import { applyDelta } from '../evaluation/delta.ts';
import { InvalidRulesetError } from '../evaluation/evaluation.ts';
import { LastKnownGood } from './last-known-good.ts';
import type { Settings } from './options.ts';

/** How often the kept file learns that the server still stands by it, as a share of the maximum staleness. */
const KEEP_ANEW_RATIO = 0.25;

/** The ruleset in force, how old the last word from the server is, and its copy on disk. */
export class RulesetHolder {
  readonly #settings: Settings;
  readonly #kept: LastKnownGood | null;
  #compiled: CompiledRuleset | null = null;
  #experiments: ReadonlyMap<string, Experiment> = new Map();
  #heardAtMs = -Infinity;
  #keptAtMs = -Infinity;
  #isStale = false;
  #refused = 0;
  #writing: Promise<void> = Promise.resolve();
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
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  experiment(key: string): Experiment | undefined {
    return this.#experiments.get(key);
  }

  /** Resolves once there is a ruleset, from the server or from disk. */
  ready(): Promise<void> {
    return this.#firstRuleset;
  }

  /** Uses what was kept on disk, unless the server was faster. */
  async load(): Promise<void> {
    if (this.#kept === null) return;
    try {
      const kept = await this.#kept.read();
      if (kept === null || this.#compiled !== null) return;
      this.#heardAtMs = kept.heardAtMs;
      this.#use(kept.ruleset);
      this.#checkStaleness();
    } catch (error) {
      this.#settings.onProblem({ kind: 'stored-ruleset-unusable', message: messageOf(error) });
    }
  }

  /** Returns false where the message cannot be used and a snapshot is needed. */
  take({ update }: WatchResponse): boolean {
    if (update === undefined) return true;
    try {
      if (update.$case === 'heartbeat') {
        if (update.value.version !== (this.#compiled?.version ?? 0)) return false;
      } else {
        this.#take(update.$case === 'delta' ? applyDelta(this.#inForce(), update.value) : update.value);
      }
    } catch (error) {
      if (!(error instanceof InvalidRulesetError)) throw error;
      this.#refused += 1;
      const message = `${error.message}; version ${this.#compiled?.version ?? 0} stays in force`;
      this.#settings.onProblem({ kind: 'ruleset-refused', message });
      return false;
    }
    this.#heard();
    return true;
  }

  async close(): Promise<void> {
    clearInterval(this.#staleness);
    await this.#writing;
  }

  #inForce(): Ruleset {
    if (this.#compiled === null) throw new InvalidRulesetError(['a delta came before any snapshot']);
    return this.#compiled.ruleset;
  }

  /** A server that was restored from an old backup must not take a kill back: an older version is refused. */
  #take(ruleset: Ruleset): void {
    if (this.#compiled !== null && ruleset.version < this.#compiled.version) {
      throw new InvalidRulesetError([`version ${ruleset.version} is older than the one in force`]);
    }
    this.#use(ruleset);
    this.#keep();
  }

  #use(ruleset: Ruleset): void {
    this.#compiled = compileRuleset(ruleset);
    this.#experiments = new Map(ruleset.experiments.map((experiment) => [experiment.key, experiment]));
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
    this.#isStale = this.#settings.clock() - this.#heardAtMs > this.#settings.maxStalenessMs;
    if (this.#compiled === null || !this.#isStale || wasStale) return;
    const message = `no word from ${this.#settings.address} for over ${this.#settings.maxStalenessMs} ms; unshipped experiments serve control`;
    this.#settings.onProblem({ kind: 'stale', message });
  }

  /** One write at a time, and always of the newest. */
  #keep(): void {
    const kept = this.#kept;
    if (kept === null) return;
    this.#keptAtMs = this.#settings.clock();
    this.#writing = this.#writing.then(async () => {
      const ruleset = this.#compiled?.ruleset;
      if (ruleset === undefined) return;
      try {
        await kept.write({ ruleset, heardAtMs: this.#settings.clock() });
      } catch (error) {
        const message = `the ruleset could not be kept in ${this.#settings.dataDirectory}: ${messageOf(error)}`;
        this.#settings.onProblem({ kind: 'ruleset-not-stored', message });
      }
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
