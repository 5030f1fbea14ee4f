import type { BucketRange } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { ExperimentRecord, LifecycleStatus } from './port.ts';

/** All that the store keeps of an experiment: its record, and what only the ruleset needs. */
export interface ExperimentState extends ExperimentRecord {
  /** The buckets of its layer, those of the final stage; freed for others once it no longer runs. */
  readonly reservedBuckets: readonly BucketRange[];
  readonly holdbackBasisPoints: number;
}

/** The record of an experiment that was defined and never started. */
export function draftState(key: string, definitionVersion: number, reason: string): ExperimentState {
  return {
    key,
    epoch: 0,
    definitionVersion,
    status: 'draft',
    statusReason: reason,
    stage: 0,
    enrolledBasisPoints: 0,
    shippedVariant: null,
    startedAtMs: null,
    enrolledAtMs: null,
    analysisClosedAtMs: null,
    isKilled: false,
    revision: 1,
    reservedBuckets: [],
    holdbackBasisPoints: 0,
  };
}

/** In which an experiment holds its buckets: it assigns at random, now or after a pause. */
export const LIVE: readonly LifecycleStatus[] = ['running', 'paused'];

export function isLive(state: Pick<ExperimentRecord, 'status'>): boolean {
  return LIVE.includes(state.status);
}

export function recordOf(state: ExperimentState): ExperimentRecord {
  return {
    key: state.key,
    epoch: state.epoch,
    definitionVersion: state.definitionVersion,
    status: state.status,
    statusReason: state.statusReason,
    stage: state.stage,
    enrolledBasisPoints: state.enrolledBasisPoints,
    shippedVariant: state.shippedVariant,
    startedAtMs: state.startedAtMs,
    enrolledAtMs: state.enrolledAtMs,
    analysisClosedAtMs: state.analysisClosedAtMs,
    isKilled: state.isKilled,
    revision: state.revision,
  };
}
