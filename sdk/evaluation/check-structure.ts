import {
  ExperimentStatus,
  ValueType,
  type BucketRange,
  type Experiment,
  type Flag,
  type WeightedVariant,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { BUCKETS } from './enrolment.ts';
import type { RulesetIndex } from './ruleset-index.ts';

/** Adds to `problems` whatever would make a decision wrong: dangling keys, weights that do not add up, buckets taken twice. */
export function checkStructure(index: RulesetIndex, problems: string[]): void {
  for (const flag of index.ruleset.flags) checkFlag(flag, index, problems);
  for (const experiment of index.ruleset.experiments) checkExperiment(experiment, index, problems);
  for (const layer of index.ruleset.layers) {
    if (layer.unitType === '') problems.push(`layer ${layer.key}: it names no unit`);
  }
  for (const { key, unitType, buckets } of index.ruleset.holdouts) {
    if (unitType === '') problems.push(`holdout ${key}: it names no unit`);
    checkBuckets(`holdout ${key}`, buckets, problems);
  }
  checkExclusive(index, problems);
}

const MATCHES_TYPE: Readonly<Record<string, (value: unknown) => boolean>> = {
  [ValueType.VALUE_TYPE_BOOLEAN]: (value) => typeof value === 'boolean',
  [ValueType.VALUE_TYPE_STRING]: (value) => typeof value === 'string',
  [ValueType.VALUE_TYPE_NUMBER]: (value) => typeof value === 'number',
  [ValueType.VALUE_TYPE_JSON]: () => true,
};

function checkFlag(flag: Flag, index: RulesetIndex, problems: string[]): void {
  const place = `flag ${flag.key}`;
  const variants = new Set(flag.variants.map(({ key }) => key));
  if (variants.size < flag.variants.length) problems.push(`${place}: a variant is there twice`);
  if (!variants.has(flag.controlVariant)) {
    problems.push(`${place}: its control "${flag.controlVariant}" is not one of its variants`);
  }
  const matches = MATCHES_TYPE[flag.valueType];
  if (matches === undefined) problems.push(`${place}: the value type ${flag.valueType} is not known`);
  for (const { key, value } of flag.variants) {
    if (matches?.(value) === false) problems.push(`${place}: variant ${key} has a value of another type than the flag`);
  }
  for (const { key, outcome } of flag.rules) {
    const rulePlace = `${place}: rule ${key}`;
    if (outcome === undefined) problems.push(`${rulePlace}: it serves nothing`);
    else if (outcome.$case === 'variant') checkVariant(rulePlace, outcome.value, variants, problems);
    else if (outcome.$case === 'rollout') checkRollout(rulePlace, outcome.value, variants, problems);
    else if (index.experiments.get(outcome.value)?.flagKey !== flag.key) {
      problems.push(`${rulePlace}: there is no experiment "${outcome.value}" on this flag`);
    }
  }
}

function checkVariant(place: string, variant: string, variants: ReadonlySet<string>, problems: string[]): void {
  if (!variants.has(variant)) problems.push(`${place}: the flag has no variant "${variant}"`);
}

function checkRollout(
  place: string,
  rollout: { readonly unitType: string; readonly variants: readonly WeightedVariant[] },
  variants: ReadonlySet<string>,
  problems: string[],
): void {
  if (rollout.unitType === '') problems.push(`${place}: the rollout names no unit`);
  checkWeights(place, rollout.variants, variants, problems);
}

function checkWeights(
  place: string,
  weights: readonly WeightedVariant[],
  variants: ReadonlySet<string>,
  problems: string[],
): void {
  for (const { variant } of weights) checkVariant(place, variant, variants, problems);
  const sum = weights.reduce((total, { weightBasisPoints }) => total + weightBasisPoints, 0);
  if (sum !== BUCKETS) problems.push(`${place}: its weights add up to ${sum}, not to ${BUCKETS} basis points`);
}

const KNOWN_STATUSES: ReadonlySet<string> = new Set([
  ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
  ExperimentStatus.EXPERIMENT_STATUS_SHIPPED,
  ExperimentStatus.EXPERIMENT_STATUS_ENDED,
]);

function checkExperiment(experiment: Experiment, index: RulesetIndex, problems: string[]): void {
  const place = `experiment ${experiment.key}`;
  const flag = index.flags.get(experiment.flagKey);
  if (flag === undefined) problems.push(`${place}: there is no flag "${experiment.flagKey}"`);
  if (!index.layers.has(experiment.layerKey)) problems.push(`${place}: there is no layer "${experiment.layerKey}"`);
  if (!KNOWN_STATUSES.has(experiment.status)) problems.push(`${place}: the status ${experiment.status} is not known`);
  checkBuckets(place, experiment.reservedBuckets, problems);
  const variants = new Set(flag?.variants.map(({ key }) => key));
  checkWeights(place, experiment.variants, variants, problems);
  if (experiment.status === ExperimentStatus.EXPERIMENT_STATUS_SHIPPED) {
    checkVariant(place, experiment.shippedVariant, variants, problems);
  }
}

function checkBuckets(place: string, ranges: readonly BucketRange[], problems: string[]): void {
  for (const { first, end } of ranges) {
    if (first < end && end <= BUCKETS) continue;
    problems.push(`${place}: buckets ${first} to ${end} are not a range within 0 to ${BUCKETS}`);
  }
}

/** Experiments of one layer share no bucket: a unit is never in two that exclude each other. */
function checkExclusive(index: RulesetIndex, problems: string[]): void {
  const takenByLayer = new Map<string, (BucketRange & { readonly by: string })[]>();
  for (const { key, layerKey, reservedBuckets } of index.ruleset.experiments) {
    const taken = takenByLayer.get(layerKey) ?? [];
    taken.push(...reservedBuckets.map((range) => ({ ...range, by: key })));
    takenByLayer.set(layerKey, taken);
  }
  for (const [layerKey, taken] of takenByLayer) {
    taken.sort((a, b) => a.first - b.first);
    for (const [position, range] of taken.entries()) {
      const before = taken[position - 1];
      if (before === undefined || before.end <= range.first) continue;
      problems.push(`layer ${layerKey}: experiments ${before.by} and ${range.by} both hold bucket ${range.first}`);
    }
  }
}
