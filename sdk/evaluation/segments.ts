import { compileCondition, MAX_DEPTH, type CompiledCondition } from './condition.ts';
import type { RulesetIndex } from './ruleset-index.ts';

/** Compiles each segment once, when it is first needed; one that contains itself is not to be had. */
export class Segments {
  readonly #index: RulesetIndex;
  readonly #problems: string[];
  readonly #compiled = new Map<string, CompiledCondition | undefined>();
  #uses = 0;

  constructor(index: RulesetIndex, problems: string[]) {
    this.#index = index;
    this.#problems = problems;
  }

  /** How often a segment was looked up; a flag during whose compilation this did not grow uses none. */
  get uses(): number {
    return this.#uses;
  }

  compileAll(): void {
    for (const key of this.#index.segments.keys()) this.lookup(key, MAX_DEPTH);
  }

  readonly lookup = (key: string, remainingDepth: number): CompiledCondition | undefined => {
    this.#uses += 1;
    if (this.#compiled.has(key)) return this.#compiled.get(key);
    const segment = this.#index.segments.get(key);
    if (segment === undefined) return undefined;
    this.#compiled.set(key, undefined);
    const scope = { place: `segment ${key}`, problems: this.#problems, segment: this.lookup };
    const compiled = compileCondition(segment.condition, scope, remainingDepth);
    this.#compiled.set(key, compiled);
    return compiled;
  };
}
