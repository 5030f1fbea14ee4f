import {
  ExperimentStatus,
  Ruleset,
  ValueType,
  type BucketRange,
  type Experiment,
  type Flag,
  type Holdout,
  type Kill,
  type Layer,
  type Rule,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Definition } from '../../definitions/definition.ts';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import type { FlagDefinition, FlagRule, HoldoutDefinition, VariantValue } from '../../definitions/flag.ts';
import { isLive, type ExperimentState } from '../experiment-state.ts';
import type { KillRecord } from '../port.ts';
import { countBuckets, subtract } from './buckets.ts';
import { compileCondition } from './compile-condition.ts';
import { enrolmentSalt, holdoutSalt, layerSalt, rolloutSalt, variantSalt } from './salts.ts';

/** An experiment with the definition at the record's version. */
export interface ExperimentWithDefinition {
  readonly state: ExperimentState;
  readonly definition: ExperimentDefinition;
}

export interface RulesetInput {
  readonly version: number;
  readonly publishedAtMs: number;
  /** The newest version of every document; experiments among them are not read. */
  readonly definitions: readonly Definition[];
  readonly experiments: readonly ExperimentWithDefinition[];
  /** Those in force. */
  readonly kills: readonly KillRecord[];
}

/** The whole decision state as one document, ordered by keys. Pure: the same input gives the same ruleset. */
export function buildRuleset(input: RulesetInput): Ruleset {
  const { definitions } = input;
  const experiments = [...input.experiments].sort((a, b) => compare(a.state.key, b.state.key));
  const served = experiments.filter(isServed);
  return Ruleset.fromPartial({
    version: input.version,
    publishedAt: new Date(input.publishedAtMs),
    segments: sorted(
      definitions.flatMap((definition) =>
        definition.kind === 'segment' ? [{ key: definition.key, condition: compileCondition(definition.when) }] : [],
      ),
    ),
    layers: layersOf(definitions, served),
    holdouts: sorted(
      definitions.flatMap((definition) => (definition.kind === 'holdout' ? [holdoutOf(definition)] : [])),
    ),
    flags: flagsOf(definitions, experiments, served),
    experiments: experimentsOf(served),
    kills: input.kills.map(killOf).sort((a, b) => compare(a.killId, b.killId)),
  });
}

/** Started at least once, and not archived without having been shipped. A shipped variant stays after the archive. */
function isServed({ state }: ExperimentWithDefinition): boolean {
  if (state.epoch === 0) return false;
  return state.status !== 'archived' || state.shippedVariant !== null;
}

function layersOf(definitions: readonly Definition[], served: readonly ExperimentWithDefinition[]): Layer[] {
  const layers = new Map<string, Layer>();
  for (const { definition } of served) layers.set(definition.layer, layerOf(definition.layer, definition.unit));
  for (const definition of definitions) {
    if (definition.kind === 'layer') layers.set(definition.key, layerOf(definition.key, definition.unit));
  }
  return sorted([...layers.values()]);
}

function layerOf(key: string, unitType: string): Layer {
  return { key, unitType, salt: layerSalt(key) };
}

function holdoutOf(definition: HoldoutDefinition): Holdout {
  return {
    key: definition.key,
    unitType: definition.unit,
    salt: holdoutSalt(definition.key),
    buckets: [{ first: 0, end: Math.round(definition.percent * 100) }],
    experimentKeys: [...definition.experiments],
  };
}

/** Defined flags, and one for every experiment whose flag is not, so that code can ask for it before the experiment starts. */
function flagsOf(
  definitions: readonly Definition[],
  experiments: readonly ExperimentWithDefinition[],
  served: readonly ExperimentWithDefinition[],
): Flag[] {
  const flags = new Map<string, Flag>();
  for (const { definition } of experiments) flags.set(definition.flag, impliedFlag(definition));
  for (const definition of definitions) if (definition.kind === 'flag') flags.set(definition.key, flagOf(definition));
  for (const { definition } of served) {
    const rule: Rule = {
      key: `experiment:${definition.key}`,
      condition: undefined,
      outcome: { $case: 'experimentKey', value: definition.key },
    };
    flags.get(definition.flag)?.rules.push(rule);
  }
  return sorted([...flags.values()]);
}

function impliedFlag(definition: ExperimentDefinition): Flag {
  return {
    key: definition.flag,
    valueType: commonType(definition.variants.map((variant) => variant.value)),
    variants: definition.variants.map(({ key, value }) => ({ key, value })),
    controlVariant: definition.control,
    enabled: true,
    rules: [],
  };
}

function flagOf(definition: FlagDefinition): Flag {
  return {
    key: definition.key,
    valueType: VALUE_TYPES[definition.type],
    variants: definition.variants.map(({ key, value }) => ({ key, value })),
    controlVariant: definition.control,
    enabled: definition.enabled,
    rules: definition.rules.map((rule) => ruleOf(definition.key, rule)),
  };
}

const VALUE_TYPES: Record<FlagDefinition['type'], ValueType> = {
  boolean: ValueType.VALUE_TYPE_BOOLEAN,
  string: ValueType.VALUE_TYPE_STRING,
  number: ValueType.VALUE_TYPE_NUMBER,
  json: ValueType.VALUE_TYPE_JSON,
};

/** Values of one simple type make a flag of that type; any others make it JSON. */
function commonType(values: readonly VariantValue[]): ValueType {
  const [type, ...others] = new Set(values.map((value) => typeof value));
  const isSimple = type === 'boolean' || type === 'string' || type === 'number';
  return others.length === 0 && isSimple ? VALUE_TYPES[type] : ValueType.VALUE_TYPE_JSON;
}

function ruleOf(flagKey: string, rule: FlagRule): Rule {
  return {
    key: rule.key,
    condition: rule.when === null ? undefined : compileCondition(rule.when),
    outcome:
      'variant' in rule.serve
        ? { $case: 'variant', value: rule.serve.variant }
        : {
            $case: 'rollout',
            value: {
              unitType: rule.serve.rollout.unit,
              salt: rolloutSalt(flagKey, rule.key),
              variants: rule.serve.rollout.weights.map((weight) => ({ ...weight })),
            },
          },
  };
}

/** Experiments that no longer run keep what nobody has taken of their buckets since, so that no two ever overlap. */
function experimentsOf(served: readonly ExperimentWithDefinition[]): Experiment[] {
  const takenByLayer = new Map<string, BucketRange[]>();
  const claim = ({ state, definition }: ExperimentWithDefinition): Experiment => {
    const taken = takenByLayer.get(definition.layer) ?? [];
    const buckets = isLive(state) ? [...state.reservedBuckets] : subtract(state.reservedBuckets, taken);
    takenByLayer.set(definition.layer, [...taken, ...buckets]);
    return experimentOf(state, definition, buckets);
  };
  const live = served.filter(({ state }) => isLive(state)).map(claim);
  const ended = served
    .filter(({ state }) => !isLive(state))
    .sort((a, b) => (b.state.startedAtMs ?? 0) - (a.state.startedAtMs ?? 0))
    .map(claim);
  return sorted([...live, ...ended]);
}

function experimentOf(state: ExperimentState, definition: ExperimentDefinition, buckets: BucketRange[]): Experiment {
  return {
    key: state.key,
    flagKey: definition.flag,
    layerKey: definition.layer,
    epoch: state.epoch,
    status: statusOf(state),
    variants: definition.variants.map(({ key, weightBasisPoints }) => ({ variant: key, weightBasisPoints })),
    variantSalt: variantSalt(state.key, state.epoch),
    enrolmentSalt: enrolmentSalt(state.key, state.epoch),
    reservedBuckets: buckets,
    enrolledBucketCount: Math.min(state.enrolledBasisPoints, countBuckets(buckets)),
    targeting: definition.targeting === null ? undefined : compileCondition(definition.targeting),
    shippedVariant: state.shippedVariant ?? '',
    holdbackBasisPoints: state.holdbackBasisPoints,
    segmentAttributes: [...definition.segments],
    switchbackWindowMs: definition.design?.type === 'switchback' ? definition.design.windowMs : 0,
  };
}

function statusOf(state: ExperimentState): ExperimentStatus {
  if (isLive(state)) return ExperimentStatus.EXPERIMENT_STATUS_RUNNING;
  if (state.shippedVariant !== null) return ExperimentStatus.EXPERIMENT_STATUS_SHIPPED;
  return ExperimentStatus.EXPERIMENT_STATUS_ENDED;
}

export function killOf(kill: Omit<KillRecord, 'rulesetVersion'>): Kill {
  return {
    killId: kill.killId,
    target: { $case: kill.target.kind === 'flag' ? 'flagKey' : 'experimentKey', value: kill.target.key },
    reason: kill.actor.reason,
    actor: kill.actor.name,
    killedAt: new Date(kill.killedAtMs),
  };
}

function sorted<T extends { readonly key: string }>(documents: T[]): T[] {
  return documents.sort((a, b) => compare(a.key, b.key));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
