import {
  ExperimentStatus,
  Operator,
  Ruleset,
  ValueType,
  type RulesetDelta,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';

const PER_LAYER = 50;
const BUCKETS_EACH = 10_000 / PER_LAYER;

/** As many experiments, each on a flag of its own, with targeting, fifty to a layer. */
export function largeRuleset(experiments: number): Ruleset {
  const numbers = Array.from({ length: experiments }, (_, number) => number);
  const keyOf = (number: number): string => `experiment-${String(number).padStart(5, '0')}`;
  const layerOf = (number: number): string => `layer-${String(Math.floor(number / PER_LAYER)).padStart(4, '0')}`;
  const region = { attribute: 'region', operator: Operator.OPERATOR_IN, values: texts('KA', 'MH', 'TN') };
  const version = {
    attribute: 'app_version',
    operator: Operator.OPERATOR_SEMVER_GREATER_THAN_OR_EQUAL,
    values: texts('7.2.0'),
  };
  const conditions = [region, version].map((value) => ({ kind: { $case: 'comparison' as const, value } }));
  const ruleset = Ruleset.fromPartial({
    version: 1,
    layers: [...new Set(numbers.map(layerOf))].map((key) => ({ key, unitType: 'user', salt: `layer:${key}` })),
    flags: numbers.map((number) => ({
      key: keyOf(number),
      valueType: ValueType.VALUE_TYPE_BOOLEAN,
      variants: [
        { key: 'control', value: false },
        { key: 'treatment', value: true },
      ],
      controlVariant: 'control',
      enabled: true,
      rules: [{ key: 'experiment', outcome: { $case: 'experimentKey' as const, value: keyOf(number) } }],
    })),
    experiments: numbers.map((number) => ({
      key: keyOf(number),
      flagKey: keyOf(number),
      layerKey: layerOf(number),
      epoch: 1,
      status: ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
      variants: ['control', 'treatment'].map((variant) => ({ variant, weightBasisPoints: 5_000 })),
      variantSalt: `${keyOf(number)}:1:variants`,
      enrolmentSalt: `${keyOf(number)}:1:enrolment`,
      reservedBuckets: [{ first: (number % PER_LAYER) * BUCKETS_EACH, end: ((number % PER_LAYER) + 1) * BUCKETS_EACH }],
      enrolledBucketCount: BUCKETS_EACH / 2,
      targeting: { kind: { $case: 'all' as const, value: { conditions } } },
    })),
  });
  // As it comes off the wire: nothing in it is shared.
  return Ruleset.decode(Ruleset.encode(ruleset).finish());
}

/** Takes one experiment a bucket further. */
export function nextDelta(ruleset: Ruleset): RulesetDelta {
  const position = ruleset.version % ruleset.experiments.length;
  const experiment = ruleset.experiments[position];
  if (experiment === undefined) throw new RangeError('the ruleset has no experiments');
  const { enrolledBucketCount } = experiment;
  const changed = { ...experiment, enrolledBucketCount: enrolledBucketCount + 1 };
  return {
    baseVersion: ruleset.version,
    version: ruleset.version + 1,
    publishedAt: undefined,
    upserts: Ruleset.fromPartial({ experiments: [changed] }),
    removedSegmentKeys: [],
    removedLayerKeys: [],
    removedHoldoutKeys: [],
    removedFlagKeys: [],
    removedExperimentKeys: [],
    revokedKillIds: [],
  };
}

function texts(...values: string[]): { kind: { $case: 'stringValue'; value: string } }[] {
  return values.map((value) => ({ kind: { $case: 'stringValue', value } }));
}
