import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';
import type { ScorecardRound } from '../activities/scorecards.ts';
import { refreshRunningScorecards } from './experiment-activities.ts';

/** Refreshes the scorecard of every running experiment. One that fails does not stop the others; a round in which all fail, fails. */
export async function scorecards(): Promise<ScorecardRound> {
  const round = await refreshRunningScorecards();
  setCurrentDetails(detailsOf(round));
  if (round.refreshed.length > 0 || round.failed.length === 0) return round;
  throw ApplicationFailure.nonRetryable(
    `no scorecard could be refreshed; the first reason: ${round.failed[0]?.reason ?? 'unknown'}`,
    'JudgementFailed',
  );
}

function detailsOf(round: ScorecardRound): string {
  const failures = round.failed.map(
    ({ experimentKey, reason }) => `- **${experimentKey}** could not be judged: ${reason}`,
  );
  return [`${round.refreshed.length} scorecards refreshed: ${round.refreshed.join(', ') || 'none'}`, ...failures].join(
    '\n',
  );
}
