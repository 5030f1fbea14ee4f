import {
  ExperimentStatus,
  Operator,
  ValueType,
  type AttributeValue,
  type Comparison,
  type Condition,
  type Experiment,
  type Flag,
  type Holdout,
  type Kill,
  type Ruleset,
  type Layer,
  type BucketRange,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';
import fc from 'fast-check';
import type { EvaluateOptions, EvaluationContext } from '../evaluation.ts';

const VARIANTS = ['control', 'a', 'b'] as const;

const salt = fc.string({ minLength: 1, maxLength: 6 });

/** Shares of the three variants in basis points, some of them nothing. */
const weights = fc.tuple(fc.nat(10_000), fc.nat(10_000)).map((cuts) => {
  const [first = 0, second = 0] = [...cuts].sort((x, y) => x - y);
  return [first, second - first, 10_000 - second].map((weightBasisPoints, position) => {
    return { variant: VARIANTS[position] ?? 'control', weightBasisPoints };
  });
});

const text = (value: string): AttributeValue => ({ kind: { $case: 'stringValue', value } });

const comparison: fc.Arbitrary<Condition> = fc
  .constantFrom<Comparison[]>(
    { attribute: 'region', operator: Operator.OPERATOR_EQUALS, values: [text('KA')] },
    { attribute: 'region', operator: Operator.OPERATOR_NOT_IN, values: [text('KA'), text('TN')] },
    { attribute: 'region', operator: Operator.OPERATOR_STARTS_WITH, values: [text('K'), text('M')] },
    { attribute: 'app_version', operator: Operator.OPERATOR_SEMVER_LESS_THAN, values: [text('7.2.0')] },
    { attribute: 'signed_up', operator: Operator.OPERATOR_AFTER, values: [text('2026-01-01')] },
    {
      attribute: 'deposits',
      operator: Operator.OPERATOR_GREATER_THAN,
      values: [{ kind: { $case: 'numberValue', value: 3 } as const }],
    },
    { attribute: 'tags', operator: Operator.OPERATOR_IN, values: [text('new')] },
    { attribute: 'user', operator: Operator.OPERATOR_EXISTS, values: [] },
  )
  .map((value) => ({ kind: { $case: 'comparison', value } }));

/** Conditions up to three levels deep; `segments` may be named in them. */
function conditions(segments: readonly string[]): fc.Arbitrary<Condition> {
  const named = segments.map((key) => fc.constant<Condition>({ kind: { $case: 'segmentKey', value: key } }));
  const { condition } = fc.letrec<{ condition: Condition }>((tie) => {
    const list = fc.array(tie('condition'), { maxLength: 4 }).map((inner) => ({ conditions: inner }));
    return {
      condition: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        comparison,
        ...named,
        list.map((value): Condition => ({ kind: { $case: 'all', value } })),
        list.map((value): Condition => ({ kind: { $case: 'any', value } })),
        tie('condition').map((value): Condition => ({ kind: { $case: 'not', value } })),
      ),
    };
  });
  return condition;
}

const everySegment = conditions(['plain', 'nested']);
const maybeCondition = fc.option(everySegment, { nil: undefined });

interface Place {
  readonly key: string;
  readonly flagKey: string;
  readonly layerKey: string;
  readonly first: number;
  readonly end: number;
}

function experiment({ key, flagKey, layerKey, first, end }: Place): fc.Arbitrary<Experiment> {
  return fc.record({
    key: fc.constant(key),
    flagKey: fc.constant(flagKey),
    layerKey: fc.constant(layerKey),
    epoch: fc.integer({ min: 1, max: 3 }),
    status: fc.constantFrom(
      ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
      ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
      ExperimentStatus.EXPERIMENT_STATUS_SHIPPED,
      ExperimentStatus.EXPERIMENT_STATUS_ENDED,
    ),
    variants: weights,
    variantSalt: salt,
    enrolmentSalt: salt,
    reservedBuckets: fc.constant([{ first, end }]),
    enrolledBucketCount: fc.oneof(fc.nat(end - first), fc.constantFrom(0, end - first)),
    targeting: maybeCondition,
    shippedVariant: fc.constantFrom(...VARIANTS),
    holdbackBasisPoints: fc.constantFrom(0, 500, 5_000),
    segmentAttributes: fc.constant<string[]>([]),
    switchbackWindowMs: fc.constantFrom(0, 0, 0, 3_600_000),
  });
}

function flag(key: string, experimentKey: string): fc.Arbitrary<Flag> {
  const outcome = fc.oneof(
    fc.constantFrom(...VARIANTS).map((value) => ({ $case: 'variant' as const, value })),
    fc
      .record({ unitType: fc.constantFrom('user', 'device'), salt: salt, variants: weights })
      .map((value) => ({ $case: 'rollout' as const, value })),
  );
  const rule = fc.record({ condition: everySegment, outcome });
  const experimentRule = fc.record({
    condition: maybeCondition,
    outcome: fc.constant({ $case: 'experimentKey' as const, value: experimentKey }),
  });
  const rules = fc
    .tuple(
      fc.array(rule, { maxLength: 2 }),
      fc.array(experimentRule, { minLength: 1, maxLength: 1 }),
      fc.array(rule, { maxLength: 1 }),
    )
    .map((parts) => parts.flat().map((each, position) => ({ ...each, key: `rule-${position}` })));
  return fc.record({
    key: fc.constant(key),
    valueType: fc.constant(ValueType.VALUE_TYPE_STRING),
    variants: fc.constant(VARIANTS.map((variant) => ({ key: variant, value: variant }))),
    controlVariant: fc.constant('control'),
    enabled: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    rules,
  });
}

const holdout = (key: string, experimentKeys: readonly string[]): fc.Arbitrary<Holdout> =>
  fc.record({
    key: fc.constant(key),
    unitType: fc.constantFrom('user', 'device'),
    salt: salt,
    buckets: fc.constantFrom<BucketRange[][]>(
      [{ first: 0, end: 500 }],
      [{ first: 9_000, end: 9_001 }],
      [{ first: 2_000, end: 7_000 }],
    ),
    experimentKeys: fc.constant<string[]>([...experimentKeys]),
  });

const kills = fc.subarray<Kill>(
  [
    {
      killId: 'k1',
      target: { $case: 'flagKey' as const, value: 'f1' },
      reason: 'r',
      actor: 'on-call',
      killedAt: undefined,
    },
    {
      killId: 'k2',
      target: { $case: 'experimentKey' as const, value: 'e1' },
      reason: 'r',
      actor: 'on-call',
      killedAt: undefined,
    },
    {
      killId: 'k3',
      target: { $case: 'experimentKey' as const, value: 'e2' },
      reason: 'r',
      actor: 'on-call',
      killedAt: undefined,
    },
  ],
  { maxLength: 1 },
);

/** Valid rulesets of three flags, `f1` to `f3`, with an experiment each, in every state. */
export const rulesets: fc.Arbitrary<Ruleset> = fc.record({
  version: fc.nat(),
  publishedAt: fc.constant(undefined),
  segments: fc.tuple(
    fc.record({ key: fc.constant('plain'), condition: conditions([]) }),
    fc.record({ key: fc.constant('nested'), condition: conditions(['plain']) }),
  ),
  layers: fc.constant<Layer[]>([
    { key: 'users', unitType: 'user', salt: 'layer-u' },
    { key: 'devices', unitType: 'device', salt: 'layer-d' },
  ]),
  holdouts: fc.oneof(
    fc.constant<Holdout[]>([]),
    fc.array(holdout('all', []), { minLength: 1, maxLength: 1 }),
    fc.array(holdout('some', ['e1', 'e3']), { minLength: 1, maxLength: 1 }),
  ),
  flags: fc.tuple(flag('f1', 'e1'), flag('f2', 'e2'), flag('f3', 'e3')),
  experiments: fc.tuple(
    experiment({ key: 'e1', flagKey: 'f1', layerKey: 'users', first: 0, end: 6_000 }),
    experiment({ key: 'e2', flagKey: 'f2', layerKey: 'users', first: 6_000, end: 9_990 }),
    experiment({ key: 'e3', flagKey: 'f3', layerKey: 'devices', first: 0, end: 10_000 }),
  ),
  kills,
});

const present = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: value }, { weight: 1, arbitrary: fc.constant(undefined) });

/** Contexts with and without each attribute, some of the wrong type. */
export const contexts: fc.Arbitrary<EvaluationContext> = fc.record({
  user: fc.oneof(present(fc.nat(500).map((id) => `u${id}`)), fc.constantFrom('', 7, null, 'ü')),
  device: present(fc.nat(500).map((id) => `d${id}`)),
  region: fc.constantFrom('KA', 'TN', 'MH', 'DL', undefined, 3),
  app_version: fc.constantFrom('7.1.9', '7.2.0', '7.2.0-beta.1', 'seven', undefined),
  signed_up: fc.constantFrom('2025-06-01', '2026-02-01T00:00:00Z', 'long ago', undefined),
  deposits: fc.constantFrom(0, 4, '4', undefined),
  tags: fc.constantFrom(['new'], [], ['old', 'new'], undefined),
});

/** Stale or not, with every third user linked to a device, or nobody. */
export const evaluateOptions: fc.Arbitrary<EvaluateOptions | undefined> = fc.constantFrom(
  undefined,
  { isStale: true },
  { clock: () => 1_770_000_000_000 },
  { hashedUserAs: (userId: string) => (userId.endsWith('3') ? `d${userId.slice(1)}` : undefined) },
);
