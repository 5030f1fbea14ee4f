import { ApplicationFailure } from '@temporalio/workflow';
import type { Actor } from '../control-store/port.ts';
import { nextRampWindow } from './experiment-activities.ts';
import { inWords } from './experiment-details.ts';
import { decideEnding, isEnding, note, planOf, stepUnlessKilled, type ExperimentLife } from './experiment-life.ts';
import { endingOf, endsAtMs, isRampComplete, isTimeUp, judge, timeUp } from './judging.ts';
import { rest, waitUntil } from './waiting.ts';

/**
 * Takes the experiment from nobody enrolled to an ending. Every move forward has the same order: hold, judge, wait for an open window
 * (and judge again, if it had to wait), enrol. After the last stage it keeps judging until there is a verdict or time is up.
 */
export async function rampAndJudge(life: ExperimentLife): Promise<void> {
  while (life.state.ending === null) {
    await rest(life);
    if (isEnding(life)) return;
    if (life.state.stage > 0 && !(await passesGates(life))) continue;
    if (isRampComplete(life)) holdBeforeJudgingAgain(life);
    else if (await isWindowOpen(life, `stage ${nextStage(life)}`)) await enrol(life, nextStage(life));
  }
}

/** Whether the ramp may go on. Decides the ending where the judgement means one. */
async function passesGates(life: ExperimentLife): Promise<boolean> {
  const judgement = await judge(life);
  if (judgement === null) {
    const problem = life.state.judgementProblem;
    if (problem !== null && isTimeUp(life)) decideEnding(life, timeUp(`It could not be judged: ${problem}`));
    return false;
  }
  const ending = endingOf(life, judgement);
  if (ending === null) return true;
  // Shipping moves everybody at once, which is what blackouts are there to prevent. Stepping back never waits.
  if (ending.outcome === 'shipped' && !(await isWindowOpen(life, 'shipping'))) return false;
  decideEnding(life, ending);
  return false;
}

function holdBeforeJudgingAgain(life: ExperimentLife): void {
  const intervalMs = planOf(life).stages.at(-1)?.holdMs ?? 0;
  hold(life, intervalMs, `the ramp is complete; judged again every ${inWords(intervalMs)}`);
}

/** The shortest time between two judgements, so that a hold of nothing does not turn into a busy loop. */
const SHORTEST_HOLD_MS = 1_000;

function hold(life: ExperimentLife, holdMs: number, why: string): void {
  const dueAtMs = Date.now() + Math.max(holdMs, SHORTEST_HOLD_MS);
  waitUntil(life, Math.min(dueAtMs, Math.max(endsAtMs(life), Date.now() + SHORTEST_HOLD_MS)), 'hold', why);
}

/** Where the calendar or a blackout closes the window, says so and sets the time of the next look. */
export async function isWindowOpen(life: ExperimentLife, whatFor: string): Promise<boolean> {
  const { calendar, blackouts } = planOf(life);
  if (calendar === null && blackouts.length === 0) return true;
  const atMs = Date.now();
  const window = await nextRampWindow({ calendar, blackouts, atMs });
  if (window.opensAtMs <= atMs) return true;
  waitUntil(life, window.opensAtMs, 'window', `${whatFor} waits: ${window.why ?? 'the window is closed'}`);
  note(life, life.state.waitReason);
  return false;
}

function nextStage(life: ExperimentLife): number {
  return life.state.requestedStage?.stage ?? life.state.stage + 1;
}

async function enrol(life: ExperimentLife, stage: number): Promise<void> {
  const { state } = life;
  const plan = planOf(life).stages[stage - 1];
  if (plan === undefined) throw ApplicationFailure.nonRetryable(`the ramp has no stage ${stage}`, 'RangeError');
  const actor: Actor = state.requestedStage?.actor ?? {
    name: 'third-umpire',
    reason: stage === 1 ? 'the ramp begins' : `stage ${state.stage} passed its gates`,
  };
  if (!(await stepUnlessKilled(life, { to: 'enrolled', stage, basisPoints: plan.basisPoints }, actor))) return;
  state.stage = stage;
  state.requestedStage = null;
  state.enrolledAtMs ??= Date.now();
  hold(life, plan.holdMs, `stage ${stage} is held for ${inWords(plan.holdMs)} before its gates are judged`);
  note(life, `stage ${stage} of ${planOf(life).stages.length}: ${plan.basisPoints / 100} % enrolled`);
}
