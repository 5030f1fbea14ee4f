import { ExperimentStatus, Ruleset, ValueType, type RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';

export const FLAG = 'upi_retry';

/** One experiment that enrols everybody and treats all of them, on one flag. */
export function testRuleset(version: number, changes: Partial<Ruleset> = {}): Ruleset {
  return Ruleset.fromPartial({
    version,
    layers: [{ key: 'main', unitType: 'user', salt: 'layer:main' }],
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
        layerKey: 'main',
        epoch: 1,
        status: ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
        variants: [
          { variant: 'control', weightBasisPoints: 0 },
          { variant: 'treatment', weightBasisPoints: 10_000 },
        ],
        variantSalt: 'v',
        enrolmentSalt: 'e',
        reservedBuckets: [{ first: 0, end: 10_000 }],
        enrolledBucketCount: 10_000,
        segmentAttributes: ['region'],
      },
    ],
    ...changes,
  });
}

export const KILL = {
  killId: 'k1',
  target: { $case: 'experimentKey' as const, value: FLAG },
  reason: 'harm',
  actor: 'live-monitor',
  killedAt: undefined,
};

export function testDelta(baseVersion: number, version: number, upserts: Partial<Ruleset> = {}): RulesetDelta {
  return {
    baseVersion,
    version,
    publishedAt: undefined,
    upserts: Ruleset.fromPartial(upserts),
    removedSegmentKeys: [],
    removedLayerKeys: [],
    removedHoldoutKeys: [],
    removedFlagKeys: [],
    removedExperimentKeys: [],
    revokedKillIds: [],
  };
}
