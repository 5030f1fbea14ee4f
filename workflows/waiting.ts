import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { inWords } from './experiment-details.ts';
import type { ExperimentInput } from './experiment-input.ts';
import {
  hasNews,
  isEnding,
  note,
  planOf,
  step,
  stepUnlessKilled,
  type ExperimentLife,
  type Request,
} from './experiment-life.ts';
import type { Wait } from './experiment-state.ts';

const CONTINUE_AFTER_EVENTS = 4_000;

/** Sets when the ramp next looks whether it may move. */
export function waitUntil(life: ExperimentLife, dueAtMs: number, waitsFor: Wait, waitReason: string): void {
  Object.assign(life.state, { dueAtMs, waitsFor, waitReason });
}

/** Sleeps durably until the time is due. Wakes early for an ending; carries out what people ask for meanwhile; stands still while paused. */
export async function rest(life: ExperimentLife): Promise<void> {
  for (;;) {
    await answerRequests(life);
    if (isEnding(life)) return;
    await continueAsNewWhenLong(life);
    if (life.state.pausedRemainderMs !== null) {
      await condition(() => hasNews(life));
      continue;
    }
    const leftMs = life.state.dueAtMs - Date.now();
    if (leftMs <= 0) return;
    await condition(() => hasNews(life), leftMs, { summary: life.state.waitReason });
  }
}

/** Hands over to a new run before the history grows long. Nothing that somebody waits for is left behind. */
export async function continueAsNewWhenLong(life: ExperimentLife): Promise<void> {
  const limit = life.input.continueAfterEvents ?? CONTINUE_AFTER_EVENTS;
  const info = workflowInfo();
  if (info.historyLength < limit && !info.continueAsNewSuggested) return;
  while (!allHandlersFinished() || life.requests.length > 0) {
    await answerRequests(life);
    if (isEnding(life)) return;
    await condition(() => allHandlersFinished() || hasNews(life));
  }
  if (isEnding(life)) return;
  await continueAsNew<(input: ExperimentInput) => Promise<unknown>>({ ...life.input, carried: life.state });
}

/** Refuses what was asked for too late. */
export function refuseRequests(life: ExperimentLife, why: string): void {
  for (const request of life.requests.splice(0)) request.answer = { refusal: why };
}

async function answerRequests(life: ExperimentLife): Promise<void> {
  let request = life.requests[0];
  while (request !== undefined) {
    const refusal = isEnding(life) ? 'the experiment is just ending' : await carryOut(life, request);
    request.answer = { refusal };
    life.requests.shift();
    request = life.requests[0];
  }
}

/** Returns why not, where it cannot be done. */
async function carryOut(life: ExperimentLife, { wish, actor }: Request): Promise<string | null> {
  switch (wish.kind) {
    case 'pause':
      return await pauseRamp(life, actor);
    case 'resume':
      return await resumeRamp(life, actor);
    case 'ramp':
      return requestStage(life, wish.stage, actor);
  }
}

async function pauseRamp(life: ExperimentLife, actor: Request['actor']): Promise<string | null> {
  if (life.state.pausedRemainderMs !== null) return null;
  // Only a hold is interrupted by a pause; the end of a blackout or the next try of a judgement is not moved by it.
  life.state.pausedRemainderMs = life.state.waitsFor === 'hold' ? Math.max(0, life.state.dueAtMs - Date.now()) : 0;
  await step(life, { to: 'paused' }, actor);
  life.state.waitReason = `paused by ${actor.name}: ${actor.reason}`;
  note(life, `paused by ${actor.name}: ${actor.reason}`);
  return null;
}

async function resumeRamp(life: ExperimentLife, actor: Request['actor']): Promise<string | null> {
  const remainderMs = life.state.pausedRemainderMs;
  if (remainderMs === null) return null;
  if (!(await stepUnlessKilled(life, { to: 'resumed' }, actor))) return 'it is killed and rolls back';
  life.state.pausedRemainderMs = null;
  if (life.state.waitsFor === 'hold') life.state.dueAtMs = Date.now() + remainderMs;
  life.state.waitReason = `${inWords(remainderMs)} of the hold were left when it was resumed`;
  note(life, `resumed by ${actor.name}: ${actor.reason}`);
  return null;
}

function requestStage(life: ExperimentLife, stage: number, actor: Request['actor']): string | null {
  const { state } = life;
  if (state.pausedRemainderMs !== null) return 'the experiment is paused; resume it first';
  if (stage <= state.stage) return `the experiment is in stage ${state.stage} already; a ramp only goes forward`;
  if (stage > planOf(life).stages.length) return `the ramp has only ${planOf(life).stages.length} stages`;
  state.requestedStage = { stage, actor };
  waitUntil(life, Date.now(), 'hold', `stage ${stage} was asked for by ${actor.name}`);
  note(life, `${actor.name} asked for stage ${stage}: ${actor.reason}`);
  return null;
}
