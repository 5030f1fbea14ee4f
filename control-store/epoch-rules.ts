import type { Definition, Problem } from '../definitions/definition.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import { Catalogue } from '../definitions/catalogue.ts';
import { segmentsBehind } from '../definitions/references.ts';
import { canonicalJson } from '../definitions/serialize.ts';
import { isLive } from './experiment-state.ts';
import type { ExperimentWithDefinition } from './ruleset/build-ruleset.ts';

/** What one epoch is about. Changing any of it asks another question, so its answers must not be pooled. */
const FIXED_IN_AN_EPOCH = ['flag', 'unit', 'design', 'layer', 'control', 'variants', 'targeting'] as const;

/**
 * What documents would change under an experiment that runs or is paused: its split, its flag, its targeting or a segment behind that.
 * Such changes start a new epoch, and so wait until this one has ended (rolled back, shipped and archived, …). Anything else of an
 * experiment may change at any time and takes effect when its next epoch starts.
 */
export function problemsOfLiveExperiments(
  documents: readonly Definition[],
  stored: readonly Definition[],
  experiments: readonly ExperimentWithDefinition[],
): Problem[] {
  const before = new Catalogue(stored);
  const after = new Catalogue([...stored, ...documents]);
  return experiments
    .filter(({ state }) => isLive(state))
    .flatMap(({ definition }) => [
      ...changedFields(definition, after.find('experiment', definition.key)),
      ...changedSegments(definition, before, after),
    ]);
}

function changedFields(running: ExperimentDefinition, next: ExperimentDefinition | undefined): Problem[] {
  if (next === undefined) return [];
  return FIXED_IN_AN_EPOCH.filter((field) => canonicalJson(running[field]) !== canonicalJson(next[field])).map(
    (field) => ({
      path: `experiment ${running.key}: ${field}`,
      message: `cannot change while the experiment runs, because that would mix two experiments; ${REMEDY}`,
    }),
  );
}

function changedSegments(running: ExperimentDefinition, before: Catalogue, after: Catalogue): Problem[] {
  const changed = [...segmentsBehind(running.targeting, before)].filter(
    (key) => canonicalJson(before.find('segment', key)) !== canonicalJson(after.find('segment', key)),
  );
  return changed.map((key) => ({
    path: `segment ${key}: when`,
    message: `cannot change while the experiment "${running.key}", which it targets, runs; ${REMEDY}`,
  }));
}

const REMEDY = 'end it first (roll it back or ship it), then store this and start it again: a new epoch begins';
