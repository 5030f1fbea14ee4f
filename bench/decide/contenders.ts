import { once } from 'node:events';
import { GrowthBookClient } from '@growthbook/growthbook';
import { FlagdCore } from '@openfeature/flagd-core';
import { ExperimentStatus, Operator, Ruleset, ValueType } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileRuleset } from '@third-umpire/sdk';
import { InMemStorageProvider, Unleash } from 'unleash-client';
import { Operator as UnleashOperator } from 'unleash-client/lib/strategy/strategy.js';

/** One library, set up to answer one question: targeting on two attributes, then a half-and-half split by user. */
export interface Contender {
  readonly name: string;
  /** Builds a fresh context, as a service does for every request, and decides. Returns whether the treatment is served. */
  decide(userId: string, region: string, deposits: number): boolean;
}

export const FLAG = 'upi_retry';
/** Everybody in the benchmark is targeted, so that every decision goes all the way. */
export const REGIONS = ['KA', 'MH', 'TN'];
export const FEWEST_DEPOSITS = 3;

export async function contenders(): Promise<readonly Contender[]> {
  return [sdk(), growthbook(), flagd(), await unleash()];
}

/** With a layer, which the others lack or need not use: theirs is the lighter work. */
export function sdk(): Contender {
  const compiled = compileRuleset(sdkRuleset());
  return {
    name: 'third-umpire',
    decide: (user, region, deposits) => compiled.evaluate(FLAG, { user, region, deposits }).value === true,
  };
}

function sdkRuleset(): Ruleset {
  const constants = REGIONS.map((value) => ({ kind: { $case: 'stringValue' as const, value } }));
  const fewest = { kind: { $case: 'numberValue' as const, value: FEWEST_DEPOSITS } };
  const comparisons = [
    { attribute: 'region', operator: Operator.OPERATOR_IN, values: constants },
    { attribute: 'deposits', operator: Operator.OPERATOR_GREATER_THAN_OR_EQUAL, values: [fewest] },
  ];
  const conditions = comparisons.map((value) => ({ kind: { $case: 'comparison' as const, value } }));
  return Ruleset.fromPartial({
    version: 1,
    layers: [{ key: 'payments', unitType: 'user', salt: 'payments' }],
    flags: [
      {
        key: FLAG,
        valueType: ValueType.VALUE_TYPE_BOOLEAN,
        variants: [
          { key: 'control', value: false },
          { key: 'treatment', value: true },
        ],
        controlVariant: 'control',
        enabled: true,
        rules: [{ key: 'experiment', outcome: { $case: 'experimentKey', value: FLAG } }],
      },
    ],
    experiments: [
      {
        key: FLAG,
        flagKey: FLAG,
        layerKey: 'payments',
        epoch: 1,
        status: ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
        variants: ['control', 'treatment'].map((variant) => ({ variant, weightBasisPoints: 5_000 })),
        variantSalt: 'upi_retry:1:variants',
        enrolmentSalt: 'upi_retry:1:enrolment',
        reservedBuckets: [{ first: 0, end: 10_000 }],
        enrolledBucketCount: 10_000,
        targeting: { kind: { $case: 'all', value: { conditions } } },
      },
    ],
  });
}

/** As its README says for servers: one GrowthBookClient, a user context for each call. */
function growthbook(): Contender {
  const client = new GrowthBookClient().initSync({
    payload: {
      features: {
        [FLAG]: {
          defaultValue: false,
          rules: [
            {
              key: FLAG,
              condition: { region: { $in: REGIONS }, deposits: { $gte: FEWEST_DEPOSITS } },
              hashAttribute: 'id',
              hashVersion: 2,
              seed: FLAG,
              variations: [false, true],
              weights: [0.5, 0.5],
              coverage: 1,
            },
          ],
        },
      },
    },
  });
  return {
    name: 'growthbook',
    decide: (id, region, deposits) => client.getFeatureValue(FLAG, false, { attributes: { id, region, deposits } }),
  };
}

/** As its README says: `setConfigurations`, then the call for the flag's type. */
function flagd(): Contender {
  const core = new FlagdCore();
  core.setConfigurations(
    JSON.stringify({
      flags: {
        [FLAG]: {
          state: 'ENABLED',
          variants: { control: false, treatment: true },
          defaultVariant: 'control',
          targeting: {
            if: [
              { and: [{ in: [{ var: 'region' }, REGIONS] }, { '>=': [{ var: 'deposits' }, FEWEST_DEPOSITS] }] },
              {
                fractional: [
                  ['control', 50],
                  ['treatment', 50],
                ],
              },
              'control',
            ],
          },
        },
      },
    }),
  );
  return {
    name: 'flagd-core',
    decide: (targetingKey, region, deposits) =>
      core.resolveBooleanEvaluation(FLAG, false, { targetingKey, region, deposits }).value,
  };
}

/** As its README says for a start without a server: bootstrapped, a context for each call. */
async function unleash(): Promise<Contender> {
  const client = new Unleash({
    appName: 'bench',
    url: 'http://127.0.0.1:9/api/',
    refreshInterval: 0,
    disableMetrics: true,
    disableAutoStart: true,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: [unleashFeature()] },
  });
  // There is no server behind the address, on purpose; what was bootstrapped stays in force.
  client.on('error', () => undefined).on('warn', () => undefined);
  const isReady = once(client, 'ready');
  await client.start();
  await isReady;
  client.destroy();
  return {
    name: 'unleash-client',
    decide: (userId, region, deposits) =>
      client.getVariant(FLAG, { userId, properties: { region, deposits } }).name === 'treatment',
  };
}

function unleashFeature(): NonNullable<ReturnType<Unleash['getFeatureToggleDefinition']>> {
  const constraints = [
    { contextName: 'region', operator: UnleashOperator.IN, values: REGIONS, inverted: false, caseInsensitive: false },
    {
      contextName: 'deposits',
      operator: UnleashOperator.NUM_GTE,
      value: String(FEWEST_DEPOSITS),
      values: [],
      inverted: false,
    },
  ];
  const variants = ['control', 'treatment'].map((name) => ({
    name,
    weight: 500,
    stickiness: 'userId',
  }));
  return {
    name: FLAG,
    type: 'experiment',
    enabled: true,
    stale: false,
    impressionData: false,
    project: 'default',
    strategies: [
      {
        name: 'flexibleRollout',
        parameters: { rollout: '100', stickiness: 'userId', groupId: FLAG },
        constraints,
        variants,
      },
    ],
    variants: [],
  };
}
