import type { Catalogue } from './catalogue.ts';
import type { Problem } from './definition.ts';
import { referencedSegments } from './references.ts';

/** Segments that refer to themselves, directly or through others: one problem a cycle, at its alphabetically first segment. */
export function problemsOfSegmentCycles(catalogue: Catalogue): Problem[] {
  const finished = new Set<string>();
  const cycles = catalogue.all('segment').flatMap(({ key }) => cyclesFrom(key, catalogue, finished));
  const byFirst = new Map(cycles.map(fromSmallest).map((cycle) => [cycle.join(' → '), cycle]));
  return [...byFirst.values()].map(([first = '', ...rest]) => ({
    path: `segment ${first}: when`,
    message: `refers to itself: ${[first, ...rest, first].join(' → ')}; take one of these references out`,
  }));
}

interface Step {
  readonly key: string;
  readonly ahead: string[];
}

/** A depth-first walk with its own stack, since a chain of segments may be longer than the call stack is deep. */
function cyclesFrom(start: string, catalogue: Catalogue, finished: Set<string>): string[][] {
  const stepTo = (key: string): Step => ({
    key,
    ahead: [...referencedSegments(catalogue.find('segment', key)?.when ?? null)],
  });
  const cycles: string[][] = [];
  const trail = new Map<string, number>([[start, 0]]);
  const steps = finished.has(start) ? [] : [stepTo(start)];
  for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
    const next = step.ahead.pop();
    if (next === undefined) {
      finished.add(step.key);
      trail.delete(step.key);
      steps.pop();
      continue;
    }
    const begin = trail.get(next);
    if (begin !== undefined) cycles.push(steps.slice(begin).map(({ key }) => key));
    else if (!finished.has(next)) {
      trail.set(next, steps.length);
      steps.push(stepTo(next));
    }
  }
  return cycles;
}

function fromSmallest(cycle: readonly string[]): readonly string[] {
  const first = cycle.reduce((best, key, index) => (key < (cycle[best] ?? key) ? index : best), 0);
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}
