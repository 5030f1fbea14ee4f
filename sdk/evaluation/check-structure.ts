import type { Holdout, Layer } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { checkBuckets } from './check-buckets.ts';
import { checkExclusive, checkExperiment } from './check-experiment.ts';
import { checkFlag } from './check-flag.ts';
import type { RulesetIndex } from './ruleset-index.ts';

/**
 * Adds to `problems` whatever would make a decision wrong: dangling keys, weights that do not add up, buckets taken twice. Against a ruleset
 * that passed before, only what changed is looked at.
 */
export function checkStructure(index: RulesetIndex, before: RulesetIndex | null, problems: string[]): void {
  for (const flag of index.ruleset.flags) {
    const isKnown = before?.flags.get(flag.key) === flag && areExperimentsKnown(flag.rules, index, before);
    if (!isKnown) checkFlag(flag, index, problems);
  }
  const changedLayers = new Set<string>();
  for (const experiment of index.ruleset.experiments) {
    const { key, flagKey, layerKey } = experiment;
    const isSame = before?.experiments.get(key) === experiment;
    if (!isSame) changedLayers.add(layerKey);
    const flag = index.flags.get(flagKey);
    const layer = index.layers.get(layerKey);
    const isKnown = isSame && before.flags.get(flagKey) === flag && before.layers.get(layerKey) === layer;
    if (!isKnown) checkExperiment(experiment, flag, layer, problems);
  }
  for (const layer of index.ruleset.layers) checkUnitAndSalt(`layer ${layer.key}`, layer, problems);
  for (const holdout of index.ruleset.holdouts) {
    checkUnitAndSalt(`holdout ${holdout.key}`, holdout, problems);
    checkBuckets(`holdout ${holdout.key}`, holdout.buckets, problems);
  }
  checkExclusive(index, changedLayers, problems);
}

function areExperimentsKnown(
  rules: RulesetIndex['ruleset']['flags'][number]['rules'],
  index: RulesetIndex,
  before: RulesetIndex | null,
): boolean {
  return rules.every(({ outcome }) => {
    if (outcome?.$case !== 'experimentKey') return true;
    return index.experiments.get(outcome.value) === before?.experiments.get(outcome.value);
  });
}

/** Without a salt, number lines that should be independent of each other would be the same. */
function checkUnitAndSalt(place: string, { unitType, salt }: Layer | Holdout, problems: string[]): void {
  if (unitType === '') problems.push(`${place}: it names no unit`);
  if (salt === '') problems.push(`${place}: it has no salt`);
}
