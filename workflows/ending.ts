import { condition } from '@temporalio/workflow';
import type { Transition } from '../control-store/port.ts';
import { inWords } from './experiment-details.ts';
import { isEnding, note, planOf, step, stepUnlessKilled, type ExperimentLife } from './experiment-life.ts';
import type { Ending } from './experiment-state.ts';
import { isWindowOpen } from './ramping.ts';
import { refuseRequests, rest, waitUntil } from './waiting.ts';

/** Carries the decided ending out. A kill or rollback that arrives while a ship waits or runs takes its place. */
export async function conclude(life: ExperimentLife): Promise<void> {
  while (isEnding(life)) {
    const ending = life.state.ending;
    if (ending === null) return;
    if (ending.outcome === 'shipped' && !(await shipMayGo(life, ending))) continue;
    if (wasStarted(life) && !(await stepUnlessKilled(life, transitionOf(life, ending), ending.actor))) continue;
    life.state.concluded = ending;
    life.state.requestedStage = null;
    life.state.pausedRemainderMs = null;
    life.state.waitReason = '';
    refuseRequests(life, `the experiment is over: it is ${ending.outcome}`);
    note(life, `${wordsOf(ending)}, by ${ending.actor.name}: ${ending.actor.reason}`);
  }
}

/** Waits for an open window; false where another ending was decided meanwhile. */
async function shipMayGo(life: ExperimentLife, ending: Ending): Promise<boolean> {
  while (life.state.ending === ending && !(await isWindowOpen(life, 'shipping'))) {
    await condition(() => life.state.ending !== ending, life.state.dueAtMs - Date.now(), {
      summary: life.state.waitReason,
    });
  }
  return life.state.ending === ending;
}

/** An experiment that was stopped before it waited or ran has nothing to take back. */
function wasStarted({ state }: ExperimentLife): boolean {
  return state.epoch > 0 || state.status === 'awaiting-approval';
}

function transitionOf(life: ExperimentLife, ending: Ending): Transition {
  if (ending.outcome !== 'shipped') return { to: ending.outcome };
  const { holdback, control } = planOf(life);
  return {
    to: 'shipped',
    variant: ending.variant ?? control,
    holdbackBasisPoints: holdback.forMs > 0 ? holdback.basisPoints : 0,
  };
}

function wordsOf(ending: Ending): string {
  switch (ending.outcome) {
    case 'shipped':
      return `${ending.variant ?? 'control'} is shipped`;
    case 'rolled-back':
      return 'rolled back to control';
    case 'invalid':
      return 'marked invalid and back on control';
    case 'inconclusive':
      return 'ended without an answer and back on control';
  }
}

/** Keeps some units on control for a while after a ship, to measure what it was worth. A kill or rollback still reaches it. */
export async function holdBack(life: ExperimentLife): Promise<void> {
  const { state } = life;
  const { holdback } = planOf(life);
  if (state.concluded?.outcome !== 'shipped' || holdback.basisPoints === 0 || holdback.forMs === 0) return;
  if (state.waitsFor !== 'holdback') {
    waitUntil(
      life,
      Date.now() + holdback.forMs,
      'holdback',
      `the holdback of ${holdback.basisPoints / 100} % lasts ${inWords(holdback.forMs)}`,
    );
    note(life, `${holdback.basisPoints / 100} % stay on control for ${inWords(holdback.forMs)}`);
  }
  await rest(life);
  if (isEnding(life)) return await conclude(life);
  await step(life, { to: 'holdback-ended' }, { name: 'third-umpire', reason: 'the holdback is over' });
  note(life, 'the holdback is over');
}

export async function archive(life: ExperimentLife): Promise<void> {
  const outcome = life.state.concluded?.outcome ?? 'over';
  const actor = { name: 'third-umpire', reason: `the experiment is ${outcome}` };
  if (life.state.status !== 'draft') await step(life, { to: 'archived' }, actor);
  life.state.isArchived = true;
  note(life, 'archived');
}
