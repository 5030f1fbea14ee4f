import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { Judgement } from '../activities/scorecards.ts';
import type { Actor } from '../control-store/port.ts';
import { refreshScorecard, sentenceOf } from './experiment-activities.ts';
import { hasNews, note, planOf, type ExperimentLife } from './experiment-life.ts';
import type { Ending } from './experiment-state.ts';
import { waitUntil } from './waiting.ts';

const RETRY_JUDGEMENT_MS = 60_000;

/**
 * Refreshes the scorecard. Null where it was interrupted or could not be computed: then the ramp stands still, the state says why, and
 * it is tried again; nothing is ever guessed.
 */
export async function judge(life: ExperimentLife): Promise<Judgement | null> {
  const { state } = life;
  try {
    const judgement = await untilNews(life, () => refreshScorecard({ experimentKey: state.experimentKey }));
    if (judgement === null) return null;
    state.scorecard = judgement.scorecard;
    state.judgementProblem = null;
    note(life, `judged in stage ${state.stage}: ${judgement.scorecard.verdict}. ${judgement.scorecard.summary}`);
    return judgement;
  } catch (error) {
    if (isCancellation(error)) throw error;
    state.judgementProblem = sentenceOf(error);
    waitUntil(life, Date.now() + RETRY_JUDGEMENT_MS, 'judgement', 'the next try to judge the present stage');
    note(life, `could not be judged: ${state.judgementProblem}`);
    return null;
  }
}

/** Gives a long piece of work up as soon as a person or the live monitor wants something. */
async function untilNews<T>(life: ExperimentLife, work: () => Promise<T>): Promise<T | null> {
  const scope = new CancellationScope();
  try {
    return await scope.run(() => Promise.race([work(), condition(() => hasNews(life)).then(() => null)]));
  } finally {
    scope.cancel();
  }
}

/** How a judgement ends the experiment; null where it goes on. A `ship` ends it only when the ramp is complete or time is up. */
export function endingOf(life: ExperimentLife, { scorecard, isKilled }: Judgement): Ending | null {
  const actor: Actor = { name: 'third-umpire', reason: scorecard.summary };
  if (isKilled) {
    const reason = 'a kill is in force; the workflow found it at its gate';
    return { outcome: 'rolled-back', variant: null, actor: { ...actor, reason } };
  }
  switch (scorecard.verdict) {
    case 'invalid':
      return { outcome: 'invalid', variant: null, actor };
    case 'do-not-ship':
      return { outcome: 'rolled-back', variant: null, actor };
    case 'inconclusive':
      return { outcome: 'inconclusive', variant: null, actor };
    case 'ship':
      if (!isRampComplete(life) && !isTimeUp(life)) return null;
      return { outcome: 'shipped', variant: scorecard.winningVariant, actor };
    case 'keep-running':
      return isTimeUp(life) ? timeUp(scorecard.summary) : null;
  }
}

/** The maximum runtime is a promise to the experiment's author: it holds while the warehouse is down, too. */
export function timeUp(why: string): Ending {
  const reason = `the maximum runtime is over without an answer. ${why}`;
  return { outcome: 'inconclusive', variant: null, actor: { name: 'third-umpire', reason } };
}

export function isRampComplete(life: ExperimentLife): boolean {
  return life.state.stage >= planOf(life).stages.length;
}

export function isTimeUp(life: ExperimentLife): boolean {
  return life.state.enrolledAtMs !== null && Date.now() >= endsAtMs(life);
}

/** When the maximum runtime is over. */
export function endsAtMs(life: ExperimentLife): number {
  return (life.state.enrolledAtMs ?? Number.POSITIVE_INFINITY) + planOf(life).maximumRuntimeMs;
}
