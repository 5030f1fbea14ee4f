import { Ruleset, type RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';

/** What a receiver makes of a delta, as the contract says it; ordered by keys. */
export function applyDelta(base: Ruleset, delta: RulesetDelta): Ruleset {
  if (base.version !== delta.baseVersion)
    throw new RangeError(`delta is for ${delta.baseVersion}, not ${base.version}`);
  const upserts = delta.upserts ?? Ruleset.fromPartial({});
  const keyOf = (document: { readonly key: string }): string => document.key;
  return {
    version: delta.version,
    publishedAt: delta.publishedAt,
    segments: merge(base.segments, upserts.segments, delta.removedSegmentKeys, keyOf),
    layers: merge(base.layers, upserts.layers, delta.removedLayerKeys, keyOf),
    holdouts: merge(base.holdouts, upserts.holdouts, delta.removedHoldoutKeys, keyOf),
    flags: merge(base.flags, upserts.flags, delta.removedFlagKeys, keyOf),
    experiments: merge(base.experiments, upserts.experiments, delta.removedExperimentKeys, keyOf),
    kills: merge(base.kills, upserts.kills, delta.revokedKillIds, (kill) => kill.killId),
  };
}

function merge<T>(
  base: readonly T[],
  upserts: readonly T[],
  removed: readonly string[],
  keyOf: (document: T) => string,
): T[] {
  const byKey = new Map([...base, ...upserts].map((document) => [keyOf(document), document]));
  for (const key of removed) byKey.delete(key);
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, document]) => document);
}
