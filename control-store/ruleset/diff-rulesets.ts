import {
  Experiment,
  Flag,
  Holdout,
  Kill,
  Layer,
  type Ruleset,
  RulesetDelta,
  Segment,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';

/** What turns the ruleset `from` into `to`. */
export function diffRulesets(from: Ruleset, to: Ruleset): RulesetDelta {
  const byKey = (document: { readonly key: string }): string => document.key;
  const segments = diff(from.segments, to.segments, byKey, Segment);
  const layers = diff(from.layers, to.layers, byKey, Layer);
  const holdouts = diff(from.holdouts, to.holdouts, byKey, Holdout);
  const flags = diff(from.flags, to.flags, byKey, Flag);
  const experiments = diff(from.experiments, to.experiments, byKey, Experiment);
  const kills = diff(from.kills, to.kills, (kill) => kill.killId, Kill);
  return RulesetDelta.fromPartial({
    baseVersion: from.version,
    version: to.version,
    publishedAt: to.publishedAt,
    upserts: {
      version: to.version,
      publishedAt: to.publishedAt,
      segments: segments.upserts,
      layers: layers.upserts,
      holdouts: holdouts.upserts,
      flags: flags.upserts,
      experiments: experiments.upserts,
      kills: kills.upserts,
    },
    removedSegmentKeys: segments.removed,
    removedLayerKeys: layers.removed,
    removedHoldoutKeys: holdouts.removed,
    removedFlagKeys: flags.removed,
    removedExperimentKeys: experiments.removed,
    revokedKillIds: kills.removed,
  });
}

/** Whether a delta changes nothing but the version. */
export function isEmptyDelta(delta: RulesetDelta): boolean {
  const { upserts } = delta;
  const upserted = [
    upserts?.segments,
    upserts?.layers,
    upserts?.holdouts,
    upserts?.flags,
    upserts?.experiments,
    upserts?.kills,
  ];
  const removed = [
    delta.removedSegmentKeys,
    delta.removedLayerKeys,
    delta.removedHoldoutKeys,
    delta.removedFlagKeys,
    delta.removedExperimentKeys,
    delta.revokedKillIds,
  ];
  return [...upserted, ...removed].every((list) => list === undefined || list.length === 0);
}

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
}

function diff<T>(
  from: readonly T[],
  to: readonly T[],
  keyOf: (document: T) => string,
  codec: Codec<T>,
): { readonly upserts: T[]; readonly removed: string[] } {
  const before = new Map(from.map((document) => [keyOf(document), document]));
  const kept = new Set(to.map(keyOf));
  return {
    upserts: to.filter((document) => {
      const old = before.get(keyOf(document));
      return old === undefined || !hasSameBytes(codec, old, document);
    }),
    removed: [...before.keys()].filter((key) => !kept.has(key)),
  };
}

/** Encoding is deterministic here: the documents hold no maps but JSON objects, whose members keep their order. */
function hasSameBytes<T>(codec: Codec<T>, a: T, b: T): boolean {
  return Buffer.compare(codec.encode(a).finish(), codec.encode(b).finish()) === 0;
}
