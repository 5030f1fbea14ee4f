import {
  type ExperimentStatus,
  type Experiment,
  type Kill,
  type Ruleset,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { diffRulesets } from '../ruleset/diff-rulesets.ts';

/** A ruleset that someone still holds: a server, an SDK's file, the store that is replaced. */
export interface KnownRuleset {
  /** Whose it is, in words, such as `the server 127.0.0.1:7400`. */
  readonly source: string;
  readonly ruleset: Ruleset;
}

/** What was published after a backup was made, as far as anybody still knows it. */
export interface SinceBackup {
  /** The newest ruleset that is known, if it is as new as the backup's. Null: nobody knows what came after the backup. */
  readonly newest: { readonly source: string; readonly version: number; readonly publishedAtMs: number } | null;
  /** In force there and not in the backup: they are kept. */
  readonly newerKills: readonly Kill[];
  /** In force in the backup and ended since: they are in force again. */
  readonly revokedKills: readonly Kill[];
  /** What else was different there and is lost, a sentence each. */
  readonly lost: readonly string[];
}

/** A server or file holds the rulesets of another platform. */
export class ForeignRulesetError extends Error {
  override readonly name = 'ForeignRulesetError';
}

/**
 * Compares the backup's ruleset with what others hold. The newest of them tells what the backup misses.
 * @throws ForeignRulesetError where one is of another platform: as new, and without anything in common
 */
export function compareWithKnown(restored: Ruleset, known: readonly KnownRuleset[]): SinceBackup {
  const candidates = known.filter(({ ruleset }) => ruleset.version >= restored.version);
  for (const candidate of candidates) assertSamePlatform(restored, candidate);
  const newest = candidates.toSorted((a, b) => b.ruleset.version - a.ruleset.version)[0];
  if (newest === undefined) return { newest: null, newerKills: [], revokedKills: [], lost: [] };
  const { source, ruleset } = newest;
  return {
    newest: { source, version: ruleset.version, publishedAtMs: ruleset.publishedAt?.getTime() ?? 0 },
    newerKills: killsWithout(ruleset.kills, restored.kills),
    revokedKills: killsWithout(restored.kills, ruleset.kills),
    lost: lostChanges(restored, ruleset),
  };
}

function killsWithout(kills: readonly Kill[], others: readonly Kill[]): Kill[] {
  const known = new Set(others.map(({ killId }) => killId));
  return kills.filter(({ killId }) => !known.has(killId));
}

function assertSamePlatform(restored: Ruleset, { source, ruleset }: KnownRuleset): void {
  const isOlderThanBackup = (ruleset.publishedAt?.getTime() ?? 0) < (restored.publishedAt?.getTime() ?? 0);
  const keys = new Set(ruleset.flags.map(({ key }) => key));
  const hasNothingInCommon = restored.flags.length > 0 && !restored.flags.some(({ key }) => keys.has(key));
  if (!isOlderThanBackup && !hasNothingInCommon) return;
  throw new ForeignRulesetError(
    `${source} holds ruleset ${ruleset.version} of another platform: ${
      isOlderThanBackup ? 'it is older than the backup although its number is not' : 'it shares no flag with the backup'
    }. Name the server and the files of this platform, or none`,
  );
}

function lostChanges(restored: Ruleset, newest: Ruleset): string[] {
  const { upserts, ...removed } = diffRulesets(restored, newest);
  const before = new Map(restored.experiments.map((experiment) => [experiment.key, experiment]));
  const had = new Set([...restored.flags, ...restored.segments, ...restored.layers, ...restored.holdouts]);
  const keysBefore = new Set([...had].map(({ key }) => key));
  const changed = (kind: string, documents: readonly { readonly key: string }[] = []): string[] =>
    documents.map(
      ({ key }) => `${kind} ${key}: ${keysBefore.has(key) ? 'is as it was before its last change' : 'is gone'}`,
    );
  return [
    ...(upserts?.experiments ?? []).map((experiment) => lostOf(before.get(experiment.key), experiment)),
    ...removed.removedExperimentKeys.map((key) => `experiment ${key}: is served again, although it had ended`),
    ...changed('flag', upserts?.flags),
    ...changed('segment', upserts?.segments),
    ...changed('holdout', upserts?.holdouts),
    ...[...removed.removedFlagKeys, ...removed.removedSegmentKeys, ...removed.removedHoldoutKeys].map(
      (key) => `${key}: is back, although it was removed`,
    ),
  ];
}

function lostOf(before: Experiment | undefined, { key, epoch, ...newest }: Experiment): string {
  if (before === undefined) {
    return `experiment ${key}: its start is lost (epoch ${epoch}). Started again it would be epoch ${epoch} once more, and the events of then would count: give it a new key`;
  }
  const back: string[] = [];
  if (before.epoch !== epoch) back.push(`epoch ${epoch} back to ${before.epoch}`);
  if (before.status !== newest.status) back.push(`${statusName(newest.status)} back to ${statusName(before.status)}`);
  if (before.enrolledBucketCount !== newest.enrolledBucketCount) {
    back.push(`${newest.enrolledBucketCount} enrolled buckets back to ${before.enrolledBucketCount}`);
  }
  if (before.shippedVariant !== newest.shippedVariant)
    back.push(`no longer ships ${newest.shippedVariant || 'nothing'}`);
  return `experiment ${key}: ${back.join(', ') || 'is as it was before its last change'}`;
}

function statusName(status: ExperimentStatus): string {
  return status.replace('EXPERIMENT_STATUS_', '').toLowerCase().replaceAll('_', ' ');
}
