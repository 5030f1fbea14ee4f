import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { Transition } from '../control-store/port.ts';
import type { ExperimentPlan } from '../activities/definitions.ts';
import { isConflict, readRecord, transition } from './experiment-activities.ts';
import { publishProgress } from './experiment-details.ts';
import { experimentWorkflowId, type ExperimentInput } from './experiment-input.ts';
import { newState, type Ending, type ExperimentState } from './experiment-state.ts';
import type { Actor } from '../control-store/port.ts';

/** Something that a person asked for and that the main line of the workflow carries out in its turn: one writer, one order. */
export interface Request {
  readonly wish:
    { readonly kind: 'pause' } | { readonly kind: 'resume' } | { readonly kind: 'ramp'; readonly stage: number };
  readonly actor: Actor;
  /** Undefined until it was carried out or refused. */
  answer?: { readonly refusal: string | null };
}

/** One life of an experiment, from its start to its archive, over as many runs as it takes. */
export interface ExperimentLife {
  readonly input: ExperimentInput;
  readonly state: ExperimentState;
  /** Always empty when a new run takes over. */
  readonly requests: Request[];
}

export function beginLife(input: ExperimentInput): ExperimentLife {
  const actor = input.actor ?? { name: 'temporal', reason: 'started' };
  return { input, state: input.carried ?? newState(input.experiment, actor), requests: [] };
}

export function planOf(life: ExperimentLife): ExperimentPlan {
  if (life.state.plan !== null) return life.state.plan;
  throw ApplicationFailure.nonRetryable('the experiment has no plan yet: it is still being loaded', 'ConflictError');
}

/** Whether something waits to be dealt with. */
export function hasNews(life: ExperimentLife): boolean {
  return life.requests.length > 0 || isEnding(life);
}

/** Whether an ending was decided and not carried out yet. */
export function isEnding(life: ExperimentLife): boolean {
  const { ending, concluded } = life.state;
  return ending !== null && ending.outcome !== concluded?.outcome;
}

/**
 * Decides how the experiment ends. The first decision stands, except that stepping back to control always overrides a ship, before and
 * during the holdback. Returns whether this decision stands.
 */
export function decideEnding(life: ExperimentLife, ending: Ending): boolean {
  const decided = life.state.ending;
  if (life.state.isArchived) return false;
  const overrides = decided?.outcome === 'shipped' && ending.outcome !== 'shipped';
  if (decided !== null && !overrides) return false;
  life.state.ending = ending;
  return true;
}

/**
 * Makes a transition that a retry, a replay or a second worker cannot make twice: its step key is the same in every run of this life.
 * A cancelled workflow still finishes it.
 */
export async function step(life: ExperimentLife, change: Transition, actor: Actor): Promise<void> {
  const { state } = life;
  state.transitionCount += 1;
  const record = await CancellationScope.nonCancellable(() =>
    transition({
      experimentKey: state.experimentKey,
      transition: change,
      actor,
      stepKey: stepKey(life, `${state.transitionCount}-${change.to}`),
    }),
  );
  state.status = record.status;
  state.statusReason = actor.reason;
  state.epoch = record.epoch;
  state.enrolledBasisPoints = record.enrolledBasisPoints;
}

/**
 * A step that the store refuses while a kill is in force, or once it was. The kill may be known there before its signal is here: then
 * the experiment rolls back instead, and this returns false.
 */
export async function stepUnlessKilled(life: ExperimentLife, change: Transition, actor: Actor): Promise<boolean> {
  try {
    await step(life, change, actor);
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    const record = await readRecord({ experimentKey: life.state.experimentKey });
    if (!record.isKilled && record.analysisClosedAtMs === null) throw error;
    const reason = 'it was killed in this epoch, which only a rollback can follow';
    decideEnding(life, { outcome: 'rolled-back', variant: null, actor: { name: 'third-umpire', reason } });
    return false;
  }
}

/** `firstExecutionRunId` stays the same over continue-as-new and reset, and differs when the experiment is started anew. */
export function stepKey(life: ExperimentLife, name: string): string {
  return `${experimentWorkflowId(life.state.experimentKey)}/${workflowInfo().firstExecutionRunId}/${name}`;
}

const TIMELINE_LENGTH = 30;

/** Adds a line to the timeline and shows it in Temporal's UI. */
export function note(life: ExperimentLife, what: string): void {
  life.state.timeline.push({ atMs: Date.now(), what });
  life.state.timeline.splice(0, life.state.timeline.length - TIMELINE_LENGTH);
  publishProgress(life.state);
}
