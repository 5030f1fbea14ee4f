import { ActivityCancellationType, ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.ts';

const FINAL_ERRORS = ['ConflictError', 'NotFoundError', 'InvalidDefinitionError', 'RangeError'];

/** Quick work on the control store. A store that is down is waited for: a transition is never given up half-way. */
export const { loadExperiment, transition, publishKill, readRecord, nextRampWindow } = proxyActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  retry: {
    initialInterval: '500 milliseconds',
    maximumInterval: '30 seconds',
    nonRetryableErrorTypes: FINAL_ERRORS,
  },
});

/**
 * Warehouse work. Its attempts are few: a judgement that keeps failing is shown in the state while the ramp stands still, instead of
 * being retried where nobody sees it.
 */
export const { refreshScorecard, refreshRunningScorecards } = proxyActivities<Activities>({
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '30 seconds',
  // A judgement that a kill overtakes is left to finish by itself: asking the server to cancel what may have just ended is a race.
  cancellationType: ActivityCancellationType.ABANDON,
  retry: { initialInterval: '1 second', maximumAttempts: 3, nonRetryableErrorTypes: FINAL_ERRORS },
});

/** The sentence that an activity failed with, instead of Temporal's "Activity task failed" around it. */
export function causeOf(error: unknown): unknown {
  if (!(error instanceof ActivityFailure)) return error;
  if (!(error.cause instanceof ApplicationFailure)) return error;
  return ApplicationFailure.create({
    message: error.cause.message,
    type: error.cause.type ?? 'Error',
    nonRetryable: true,
    cause: error,
  });
}

export function isConflict(error: unknown): boolean {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure && cause.type === 'ConflictError';
}

export function sentenceOf(error: unknown): string {
  const cause = causeOf(error);
  return cause instanceof Error ? cause.message : String(cause);
}
