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
  const refreshed = `${round.refreshed.length} scorecards refreshed: ${round.refreshed.join(', ') || 'none'}`;
  return [refreshed, ...failures, ...portfolioLines(round.portfolio)].join('\n');
}

/** All experiments judged together, as a table. */
function portfolioLines(portfolio: ScorecardRound['portfolio']): string[] {
  if (portfolio === undefined || portfolio.entries.length + portfolio.withoutEffect.length === 0) return [];
  const found = portfolio.entries.filter(({ isDiscovery }) => isDiscovery).length;
  const rate = `${100 * portfolio.falseDiscoveryRate} %`;
  const rows = portfolio.entries.map(
    ({ experimentKey, variant, isDiscovery, reason }) =>
      `| ${experimentKey} | ${variant} | ${isDiscovery ? '**yes**' : 'no'} | ${reason} |`,
  );
  const silent = portfolio.withoutEffect.map(({ experimentKey, reason }) => `- **${experimentKey}**: ${reason}`);
  return [
    '',
    `Judged together, ${found} of ${portfolio.entries.length} effects hold; of those, at most ${rate} are expected to be wrong.`,
    '',
    ...(rows.length === 0 ? [] : ['| experiment | variant | holds | why |', '|---|---|---|---|', ...rows, '']),
    ...silent,
  ];
}
