import type { Experiment, Flag, Holdout, Layer, Ruleset, Segment } from '@third-umpire/proto/umpire/flags/v1/ruleset';

/** The documents of a ruleset by their keys. Lists that are the same as in the ruleset before are not gone through again. */
export class RulesetIndex {
  readonly ruleset: Ruleset;
  readonly flags: ReadonlyMap<string, Flag>;
  readonly segments: ReadonlyMap<string, Segment>;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly experiments: ReadonlyMap<string, Experiment>;
  readonly killedFlags = new Set<string>();
  readonly killedExperiments = new Set<string>();
  readonly #holdoutsOfAll: readonly Holdout[];
  readonly #holdoutsByExperiment = new Map<string, Holdout[]>();

  constructor(ruleset: Ruleset, problems: string[], before: RulesetIndex | null = null) {
    this.ruleset = ruleset;
    this.flags = before?.ruleset.flags === ruleset.flags ? before.flags : byKey('flag', ruleset.flags, problems);
    this.segments =
      before?.ruleset.segments === ruleset.segments ? before.segments : byKey('segment', ruleset.segments, problems);
    this.layers = before?.ruleset.layers === ruleset.layers ? before.layers : byKey('layer', ruleset.layers, problems);
    this.experiments =
      before?.ruleset.experiments === ruleset.experiments
        ? before.experiments
        : byKey('experiment', ruleset.experiments, problems);
    byKey('holdout', ruleset.holdouts, problems);
    this.#holdoutsOfAll = ruleset.holdouts.filter(({ experimentKeys }) => experimentKeys.length === 0);
    for (const holdout of ruleset.holdouts) {
      for (const key of holdout.experimentKeys) {
        const covering = this.#holdoutsByExperiment.get(key);
        if (covering === undefined) this.#holdoutsByExperiment.set(key, [holdout]);
        else covering.push(holdout);
      }
    }
    const killIds = new Set<string>();
    for (const { killId, target } of ruleset.kills) {
      // Kills are revoked by their ids: two of one id would go together.
      if (killId === '' || killIds.has(killId)) problems.push(`kill "${killId}": every kill needs an id of its own`);
      killIds.add(killId);
      if (target === undefined) problems.push(`kill ${killId}: it names nothing to kill`);
      else (target.$case === 'flagKey' ? this.killedFlags : this.killedExperiments).add(target.value);
    }
  }

  /** @throws RangeError for a key that `checkStructure` would have refused */
  experimentOf(key: string): { readonly experiment: Experiment; readonly layer: Layer } {
    const experiment = this.experiments.get(key);
    const layer = experiment === undefined ? undefined : this.layers.get(experiment.layerKey);
    if (experiment === undefined || layer === undefined) throw new RangeError(`there is no experiment "${key}"`);
    return { experiment, layer };
  }

  holdoutsOf(experimentKey: string): readonly Holdout[] {
    if (this.#holdoutsByExperiment.size === 0) return this.#holdoutsOfAll;
    return [...this.#holdoutsOfAll, ...(this.#holdoutsByExperiment.get(experimentKey) ?? [])];
  }
}

function byKey<T extends { readonly key: string }>(
  kind: string,
  documents: readonly T[],
  problems: string[],
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const document of documents) {
    if (document.key === '') problems.push(`a ${kind} has no key`);
    if (map.has(document.key)) problems.push(`${kind} ${document.key}: it is there twice`);
    map.set(document.key, document);
  }
  return map;
}
