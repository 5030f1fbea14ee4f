import { problemsOfExperiment } from './validate-experiment.ts';
import { referencedSegments } from './references.ts';
import { Catalogue } from './catalogue.ts';
import type { Definition, Problem } from './definition.ts';
import { problemsOfSegmentChains } from './segment-chains.ts';

/**
 * Checks how documents hang together with each other and with those that are stored (a document replaces the stored one of its kind
 * and key): whatever they name exists, segments have no cycles, layers and flags agree with the experiments on them.
 *
 * Stored documents are checked too where a new one may have broken them, such as an experiment whose flag lost a variant.
 * @returns everything that is wrong; empty: nothing
 */
export function validateDefinitions(documents: readonly Definition[], existing: readonly Definition[]): Problem[] {
  const catalogue = new Catalogue([...existing, ...documents]);
  const problems = catalogue.definitions.flatMap((definition) => problemsOf(definition, catalogue));
  return [...problemsOfSegmentChains(catalogue), ...problems];
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
