import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { Actor } from '../control-store/port.ts';
import { publishKill } from './experiment-activities.ts';
import { invalid, isRecord, readActor } from './experiment-input.ts';
import { decideEnding, isEnding, note, stepKey, type ExperimentLife, type Request } from './experiment-life.ts';
import * as messages from './experiment-messages.ts';
import { viewOf, type ExperimentState, type ExperimentView } from './experiment-state.ts';

/** Listens to people, programs and the live monitor. Validators refuse, with a sentence, what the present state does not allow. */
export function listen(life: ExperimentLife): void {
  const { state } = life;
  setHandler(messages.stateQuery, () => viewOf(state), { description: 'Where the experiment stands.' });
  setHandler(messages.scorecardQuery, () => state.scorecard, { description: 'The newest scorecard, in short.' });
  listenForApproval(life);
  listenForPauseAndRamp(life);
  listenForEndings(life);
}

function listenForApproval(life: ExperimentLife): void {
  const { state } = life;
  setHandler(
    messages.approve,
    ({ actor }) => {
      state.approvedBy ??= actor;
      note(life, `approved by ${actor.name}: ${actor.reason}`);
      return viewOf(state);
    },
    {
      description: 'Give the approval that the experiment waits for.',
      validator: (asked) => {
        readAsked(asked);
        if (state.status !== 'awaiting-approval' || state.approvedBy !== null) {
          throw refused(`${state.experimentKey} waits for no approval: it is ${state.status}`);
        }
      },
    },
  );
}

function listenForPauseAndRamp(life: ExperimentLife): void {
  const { state } = life;
  setHandler(messages.pause, ({ actor }) => ask(life, { wish: { kind: 'pause' }, actor }), {
    description: "Hold the ramp where it is. Nobody's variant changes.",
    validator: (asked) => {
      readAsked(asked);
      requireRamping(state);
    },
  });
  setHandler(messages.resume, ({ actor }) => ask(life, { wish: { kind: 'resume' }, actor }), {
    description: 'Let a paused ramp go on.',
    validator: (asked) => {
      readAsked(asked);
      requireRamping(state);
    },
  });
  setHandler(messages.ramp, ({ actor, stage }) => ask(life, { wish: { kind: 'ramp', stage }, actor }), {
    description: 'Go to a later stage without waiting for the hold. Gates and windows still count.',
    validator: (asked) => {
      const { stage } = readAsked(asked);
      requireRamping(state);
      const last = state.plan?.stages.length ?? 0;
      if (typeof stage !== 'number' || !Number.isInteger(stage) || stage <= state.stage || stage > last) {
        throw invalid(
          `"stage" must be a stage after ${state.stage}, the present one, and at most ${last}, the last one.`,
        );
      }
    },
  });
}

function listenForEndings(life: ExperimentLife): void {
  const { state } = life;
  setHandler(messages.kill, ({ actor }) => killNow(life, actor), {
    description: 'Force control at once, then roll back.',
    validator: (asked) => void readAsked(asked),
  });
  setHandler(messages.rollBack, ({ actor }) => end(life, 'rolled-back', null, actor), {
    description: 'Serve control to everybody and close the analysis.',
    validator: (asked) => {
      readAsked(asked);
      if (state.isArchived) throw refused(`${state.experimentKey} is over: it is ${state.status}`);
    },
  });
  setHandler(messages.ship, ({ actor, variant }) => end(life, 'shipped', variant, actor), {
    description: 'Serve one variant to everybody.',
    validator: (asked) => {
      const { variant } = readAsked(asked);
      requireRamping(state);
      const variants = state.plan?.variants ?? [];
      if (typeof variant !== 'string' || !variants.includes(variant)) {
        throw invalid(`"variant" must be one of ${variants.join(', ')}.`);
      }
    },
  });
  setHandler(
    messages.killed,
    (news) => {
      hearOfKill(life, news);
    },
    { description: 'The experiment was killed; roll it back.' },
  );
}

/** A signal has no validator, and one that fails would fail the workflow: what cannot be read is noted and changes nothing. */
function hearOfKill(life: ExperimentLife, news: unknown): void {
  try {
    const actor = readActor(readAsked(news)['actor']);
    decideEnding(life, { outcome: 'rolled-back', variant: null, actor });
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    note(life, `a message "killed" was ignored: ${error.message}`);
  }
}

/** Publishes the kill first: it does not wait for whatever the workflow is doing. */
async function killNow(life: ExperimentLife, actor: Actor): Promise<ExperimentView> {
  const { state } = life;
  await publishKill({ experimentKey: state.experimentKey, actor, stepKey: stepKey(life, 'kill') });
  return await end(life, 'rolled-back', null, actor);
}

async function end(
  life: ExperimentLife,
  outcome: 'shipped' | 'rolled-back',
  variant: string | null,
  actor: Actor,
): Promise<ExperimentView> {
  decideEnding(life, { outcome, variant, actor });
  // A ship may have to wait for a window; whoever asked is told so rather than kept waiting.
  await condition(() => !isEnding(life) || life.state.waitsFor === 'window');
  return viewOf(life.state);
}

async function ask(life: ExperimentLife, request: Request): Promise<ExperimentView> {
  life.requests.push(request);
  await condition(() => request.answer !== undefined);
  const refusal = request.answer?.refusal ?? null;
  if (refusal !== null) throw refused(`${life.state.experimentKey}: ${refusal}`);
  return viewOf(life.state);
}

function requireRamping(state: ExperimentState): void {
  if (state.epoch === 0) throw refused(`${state.experimentKey} has not started: it is ${state.status}`);
  if (state.ending !== null) throw refused(`${state.experimentKey} is over or ending: it is ${state.status}`);
}

/** What comes from a form or another language is checked as if it were anything. */
function readAsked(asked: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(asked)) throw invalid('Give one object such as {"actor": {"name": "asha", "reason": "looks right"}}.');
  readActor(asked['actor']);
  return asked;
}

function refused(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'ConflictError');
}
