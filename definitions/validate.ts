import { problemsOfExperiment } from './validate-experiment.ts';
import { referencedSegments } from './references.ts';
import { Catalogue } from './catalogue.ts';
import type { Definition, Problem } from './definition.ts';

/**
 * Checks how documents hang together with each other and with those that are stored (a document replaces the stored one of its kind
 * and key): whatever they name exists, segments have no cycles, layers and flags agree with the experiments on them.
 *
 * Stored documents are checked too where a new one may have broken them, such as an experiment whose flag lost a variant.
 * @returns everything that is wrong; empty: nothing
 */
export function validateDefinitions(documents: readonly Definition[], existing: readonly Definition[]): Problem[] {
  const catalogue = new Catalogue([...existing, ...documents]);
  const cycles = catalogue.all('segment').flatMap((segment) => problemsOfSegmentCycle(segment.key, catalogue));
  const problems = catalogue.definitions.flatMap((definition) => problemsOf(definition, catalogue));
  return [...cycles, ...problems];
}

function problemsOf(definition: Definition, catalogue: Catalogue): Problem[] {
  switch (definition.kind) {
    case 'metric':
    case 'layer':
      return [];
    case 'segment':
      return missingSegments(`segment ${definition.key}: when`, referencedSegments(definition.when), catalogue);
    case 'flag':
      return definition.rules.flatMap((rule, index) =>
        missingSegments(`flag ${definition.key}: rules[${index}].when`, referencedSegments(rule.when), catalogue),
      );
    case 'holdout':
      return definition.experiments.flatMap((key, index) =>
        catalogue.missing('experiment', key, `holdout ${definition.key}: experiments[${index}]`),
      );
    case 'experiment':
      return [
        ...missingSegments(
          `experiment ${definition.key}: targeting`,
          referencedSegments(definition.targeting),
          catalogue,
        ),
        ...problemsOfExperiment(definition, catalogue),
      ];
  }
}

function missingSegments(path: string, keys: readonly string[], catalogue: Catalogue): Problem[] {
  return keys.flatMap((key) => catalogue.missing('segment', key, path));
}

/** A cycle is told once, at its alphabetically first segment. */
function problemsOfSegmentCycle(start: string, catalogue: Catalogue): Problem[] {
  const cycle = findCycle(start, [], new Set(), catalogue);
  if (cycle === null || cycle.some((key) => key < start)) return [];
  const message = `refers to itself: ${[...cycle, start].join(' → ')}; take one of these references out`;
  return [{ path: `segment ${start}: when`, message }];
}

function findCycle(
  start: string,
  trail: readonly string[],
  visited: Set<string>,
  catalogue: Catalogue,
): readonly string[] | null {
  const current = trail.at(-1) ?? start;
  const here = trail.length === 0 ? [start] : trail;
  for (const next of referencedSegments(catalogue.find('segment', current)?.when ?? null)) {
    if (next === start) return here;
    if (visited.has(next)) continue;
    visited.add(next);
    const cycle = findCycle(start, [...here, next], visited, catalogue);
    if (cycle !== null) return cycle;
  }
  return null;
}
