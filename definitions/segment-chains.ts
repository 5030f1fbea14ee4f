import type { Catalogue } from './catalogue.ts';
import type { Problem } from './definition.ts';
import { referencedSegments } from './references.ts';

/** SDKs evaluate a segment within a segment by calls within calls. */
const MAX_CHAIN = 16;

/** Segments that refer to themselves, directly or through others, and those that refer to others through too many. */
export function problemsOfSegmentChains(catalogue: Catalogue): Problem[] {
  const walk = new Walk(catalogue);
  for (const { key } of catalogue.all('segment')) walk.from(key);
  return [...walk.problems.values()];
}

interface Step {
  readonly key: string;
  readonly ahead: string[];
}

/** A depth-first walk with its own stack, since a chain of segments may be longer than the call stack is deep. */
class Walk {
  readonly problems = new Map<string, Problem>();
  readonly #catalogue: Catalogue;
  /** How many segments the longest chain from a segment has, itself included. */
  readonly #lengths = new Map<string, number>();

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  from(start: string): void {
    if (this.#lengths.has(start)) return;
    const steps = [this.#step(start)];
    const positions = new Map([[start, 0]]);
    for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
      const next = step.ahead.pop();
      const position = next === undefined ? undefined : positions.get(next);
      if (next === undefined) {
        this.#finish(step.key);
        positions.delete(step.key);
        steps.pop();
      } else if (position !== undefined) {
        this.#tellCycle(steps.slice(position).map(({ key }) => key));
      } else if (!this.#lengths.has(next)) {
        positions.set(next, steps.length);
        steps.push(this.#step(next));
      }
    }
  }

  #step(key: string): Step {
    return { key, ahead: [...this.#references(key)] };
  }

  #references(key: string): readonly string[] {
    return referencedSegments(this.#catalogue.find('segment', key)?.when ?? null);
  }

  #finish(key: string): void {
    const longest = this.#references(key).reduce((length, next) => Math.max(length, this.#lengths.get(next) ?? 0), 0);
    this.#lengths.set(key, longest + 1);
    if (longest !== MAX_CHAIN) return;
    const message = `refers to others through more than ${MAX_CHAIN} segments; write some of their conditions out`;
    this.problems.set(key, { path: `segment ${key}: when`, message });
  }

  /** Told once, at its alphabetically first segment. */
  #tellCycle(cycle: readonly string[]): void {
    const start = cycle.reduce((best, key, index) => (key < (cycle[best] ?? key) ? index : best), 0);
    const trail = [...cycle.slice(start), ...cycle.slice(0, start)];
    const written = [...trail, trail[0]].join(' → ');
    const message = `refers to itself: ${written}; take one of these references out`;
    this.problems.set(written, { path: `segment ${trail[0]}: when`, message });
  }
}
