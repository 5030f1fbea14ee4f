import type { Ruleset, RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileRuleset, type CompiledRuleset } from '@third-umpire/sdk';
import type { Logger } from 'pino';
import type { ControlStore } from '../control-store/port.ts';

export type RulesetListener = (compiled: CompiledRuleset, delta: RulesetDelta | null) => void;

export interface RefusedRuleset {
  readonly version: number;
  readonly reason: string;
}

/** The ruleset in force on this server. One that cannot be compiled is refused, with an alarm in the log, and the last good one stays. */
export class PublishedRulesets {
  readonly #logger: Logger;
  readonly #listeners = new Set<RulesetListener>();
  #current: CompiledRuleset;
  #refusal: RefusedRuleset | null = null;
  #refused = 0;
  #unwatch: () => Promise<void> = () => Promise.resolve();

  private constructor(current: CompiledRuleset, logger: Logger) {
    this.#current = current;
    this.#logger = logger;
  }

  /** @throws InvalidRulesetError where there is no good ruleset to begin with */
  static async open(controlStore: ControlStore, logger: Logger): Promise<PublishedRulesets> {
    const rulesets = new PublishedRulesets(compileRuleset(await controlStore.currentRuleset()), logger);
    rulesets.#unwatch = await controlStore.watchRulesets((ruleset, delta) => rulesets.#take(ruleset, delta));
    return rulesets;
  }

  get current(): CompiledRuleset {
    return this.#current;
  }

  /** How many were refused since the server was started. */
  get refused(): number {
    return this.#refused;
  }

  /** The newest, where that one was refused: an older one is in force. */
  get refusal(): RefusedRuleset | null {
    return this.#refusal;
  }

  /** Calls back with each newer ruleset until the returned function is called. */
  listen(listener: RulesetListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#unwatch();
  }

  #take(ruleset: Ruleset, delta: RulesetDelta | null): void {
    if (ruleset.version <= this.#current.version) return;
    const before = this.#current.version;
    try {
      this.#current = compileRuleset(ruleset, this.#current);
    } catch (error) {
      this.#refused += 1;
      this.#refusal = { version: ruleset.version, reason: error instanceof Error ? error.message : String(error) };
      this.#logger.error({ err: error, version: ruleset.version }, `ruleset refused; version ${before} stays in force`);
      return;
    }
    this.#refusal = null;
    const usable = delta !== null && delta.baseVersion === before ? delta : null;
    for (const listener of this.#listeners) listener(this.#current, usable);
  }
}
