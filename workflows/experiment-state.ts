import type { ExperimentPlan } from '../activities/definitions.ts';
import type { ScorecardSummary } from '../activities/scorecard-summary.ts';
import type { Actor, LifecycleStatus } from '../control-store/port.ts';

/** How an experiment ends. */
export interface Ending {
  readonly outcome: 'shipped' | 'rolled-back' | 'invalid' | 'inconclusive';
  /** The variant that `shipped` means. */
  readonly variant: string | null;
  readonly actor: Actor;
}

/** What the next timer waits for. */
export type Wait = 'hold' | 'judgement' | 'window' | 'holdback';

/** Everything that a new run needs to go on where the one before left off. Plain JSON, small. */
export interface ExperimentState {
  readonly experimentKey: string;
  readonly startedBy: Actor;
  plan: ExperimentPlan | null;
  status: LifecycleStatus;
  statusReason: string;
  approvedBy: Actor | null;
  /** 0 before the start. */
  epoch: number;
  /** From 1; 0 before the first enrolment. */
  stage: number;
  enrolledBasisPoints: number;
  enrolledAtMs: number | null;
  /** When the ramp next looks whether it may move. */
  dueAtMs: number;
  waitsFor: Wait;
  /** Why it waits, in a sentence. */
  waitReason: string;
  /** What was left of the hold when it was paused; null while it runs. */
  pausedRemainderMs: number | null;
  requestedStage: { readonly stage: number; readonly actor: Actor } | null;
  scorecard: ScorecardSummary | null;
  /** Why the last judgement failed; null where it did not. The ramp does not move on a failure. */
  judgementProblem: string | null;
  ending: Ending | null;
  /** The ending that was carried out. */
  concluded: Ending | null;
  isArchived: boolean;
  /** How many transitions were made in this life: part of the step keys of those that may happen more than once. */
  transitionCount: number;
  /** What happened, newest last; the whole of it is in the audit. */
  timeline: { readonly atMs: number; readonly what: string }[];
}

export function newState(experimentKey: string, startedBy: Actor): ExperimentState {
  return {
    experimentKey,
    startedBy,
    plan: null,
    status: 'draft',
    statusReason: startedBy.reason,
    approvedBy: null,
    epoch: 0,
    stage: 0,
    enrolledBasisPoints: 0,
    enrolledAtMs: null,
    dueAtMs: 0,
    waitsFor: 'hold',
    waitReason: '',
    pausedRemainderMs: null,
    requestedStage: null,
    scorecard: null,
    judgementProblem: null,
    ending: null,
    concluded: null,
    isArchived: false,
    transitionCount: 0,
    timeline: [],
  };
}

/** Where an experiment stands, for people and programs that ask its workflow. */
export interface ExperimentView {
  readonly experimentKey: string;
  readonly status: LifecycleStatus;
  readonly statusReason: string;
  readonly epoch: number;
  readonly stage: number;
  readonly stageCount: number;
  readonly enrolledBasisPoints: number;
  readonly isPaused: boolean;
  readonly approvedBy: Actor | null;
  readonly waitsFor: Wait;
  readonly waitReason: string;
  /** When it next looks whether it may move; null while it waits for a person. */
  readonly dueAtMs: number | null;
  readonly judgementProblem: string | null;
  readonly verdict: string | null;
  readonly shippedVariant: string | null;
  readonly timeline: readonly { readonly atMs: number; readonly what: string }[];
}

export function viewOf(state: ExperimentState): ExperimentView {
  const isPaused = state.pausedRemainderMs !== null;
  return {
    experimentKey: state.experimentKey,
    status: state.status,
    statusReason: state.statusReason,
    epoch: state.epoch,
    stage: state.stage,
    stageCount: state.plan?.stages.length ?? 0,
    enrolledBasisPoints: state.enrolledBasisPoints,
    isPaused,
    approvedBy: state.approvedBy,
    waitsFor: state.waitsFor,
    waitReason: state.waitReason,
    dueAtMs: isPaused || state.status === 'awaiting-approval' || state.isArchived ? null : state.dueAtMs,
    judgementProblem: state.judgementProblem,
    verdict: state.scorecard?.verdict ?? null,
    shippedVariant: state.concluded?.outcome === 'shipped' ? state.concluded.variant : null,
    timeline: [...state.timeline],
  };
}
