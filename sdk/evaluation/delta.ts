import { Ruleset, type RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { InvalidRulesetError } from './evaluation.ts';

/**
 * Applies a delta. What it does not touch stays the same object.
 *
 * @throws InvalidRulesetError where it is for another version than the one given, or does not lead to a later one
 */
export function applyDelta(ruleset: Ruleset, delta: RulesetDelta): Ruleset {
  if (delta.baseVersion !== ruleset.version) {
    const problem = `the delta is for version ${delta.baseVersion}, but ${ruleset.version} is in force`;
    throw new InvalidRulesetError([problem]);
  }
  if (!(delta.version > delta.baseVersion)) {
    throw new InvalidRulesetError([`the delta leads from version ${delta.baseVersion} back to ${delta.version}`]);
  }
  const upserts = delta.upserts ?? Ruleset.fromPartial({});
  return {
    version: delta.version,
    publishedAt: delta.publishedAt,
    segments: merge(ruleset.segments, upserts.segments, delta.removedSegmentKeys, keyOf),
    layers: merge(ruleset.layers, upserts.layers, delta.removedLayerKeys, keyOf),
    holdouts: merge(ruleset.holdouts, upserts.holdouts, delta.removedHoldoutKeys, keyOf),
    flags: merge(ruleset.flags, upserts.flags, delta.removedFlagKeys, keyOf),
    experiments: merge(ruleset.experiments, upserts.experiments, delta.removedExperimentKeys, keyOf),
    kills: merge(ruleset.kills, upserts.kills, delta.revokedKillIds, ({ killId }) => killId),
  };
}

function keyOf({ key }: { readonly key: string }): string {
  return key;
}

/** In the order of keys, like every ruleset. */
function merge<T>(existing: T[], upserts: readonly T[], removed: readonly string[], key: (item: T) => string): T[] {
  if (upserts.length === 0 && removed.length === 0) return existing;
  const merged = new Map(existing.map((item) => [key(item), item]));
  for (const gone of removed) merged.delete(gone);
  for (const item of upserts) merged.set(key(item), item);
  return [...merged.values()].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
