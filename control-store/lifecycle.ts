import type { ExperimentDefinition } from '../definitions/experiment.ts';
import { reserveBuckets, countBuckets, type Reservation } from './ruleset/buckets.ts';
import type { ExperimentState } from './experiment-state.ts';
import { enrolmentSalt, pointOf } from './ruleset/salts.ts';
import { ConflictError, type LifecycleStatus, type Transition } from './port.ts';

/** From where each transition may be made. */
const ALLOWED_FROM: Record<Transition['to'], readonly LifecycleStatus[]> = {
  'awaiting-approval': ['draft', 'rolled-back', 'invalid', 'inconclusive', 'archived'],
  started: ['draft', 'awaiting-approval', 'rolled-back', 'invalid', 'inconclusive', 'archived'],
  enrolled: ['running'],
  paused: ['running'],
  resumed: ['paused'],
  shipped: ['running', 'paused'],
  'holdback-ended': ['shipped'],
  'rolled-back': ['awaiting-approval', 'running', 'paused', 'shipped'],
  invalid: ['running', 'paused'],
  inconclusive: ['running', 'paused'],
  archived: ['draft', 'awaiting-approval', 'shipped', 'rolled-back', 'invalid', 'inconclusive'],
};

/** What a kill forbids: everything that would serve more than control. */
const FORBIDDEN_WHILE_KILLED: readonly Transition['to'][] = ['started', 'enrolled', 'resumed', 'shipped'];

export interface TransitionContext {
  /** The definition at the version that the transition starts, else at the record's. */
  readonly definition: ExperimentDefinition;
  /** Who holds buckets of the definition's layer. */
  readonly reservations: readonly Reservation[];
  readonly reason: string;
  readonly nowMs: number;
}

/**
 * The state after a transition. Pure.
 * @throws ConflictError in a sentence, where the transition is not possible from this state
 */
export function applyTransition(
  state: ExperimentState,
  transition: Transition,
  context: TransitionContext,
): ExperimentState {
  assertAllowed(state, transition);
  const next = changeOf(state, transition, context);
  return { ...state, ...next, statusReason: context.reason, revision: state.revision + 1 };
}

function assertAllowed(state: ExperimentState, { to }: Transition): void {
  const name = `experiment ${state.key}`;
  if (!ALLOWED_FROM[to].includes(state.status)) {
    const from = ALLOWED_FROM[to].join(', ');
    throw new ConflictError(`${name} is ${state.status} and cannot become ${to}; that is possible from ${from}`);
  }
  if (state.isKilled && FORBIDDEN_WHILE_KILLED.includes(to)) {
    throw new ConflictError(`${name} is killed and cannot become ${to}; roll it back, or revoke the kill first`);
  }
  if (to === 'shipped' || to === 'enrolled' || to === 'resumed') assertOpen(state, to);
}

/** After a kill that was revoked, some units saw control for a while: the epoch is over. */
function assertOpen(state: ExperimentState, to: Transition['to']): void {
  if (state.analysisClosedAtMs === null || to === 'shipped') return;
  throw new ConflictError(
    `experiment ${state.key} was killed in epoch ${state.epoch}, whose analysis is closed, so it cannot become ${to}; roll it back and start a new epoch`,
  );
}

function changeOf(
  state: ExperimentState,
  transition: Transition,
  context: TransitionContext,
): Partial<ExperimentState> {
  const analysisClosedAtMs = state.analysisClosedAtMs ?? (state.epoch === 0 ? null : context.nowMs);
  switch (transition.to) {
    case 'awaiting-approval':
    case 'paused':
      return { status: transition.to };
    case 'resumed':
      return { status: 'running' };
    case 'started':
      return started(state, transition.definitionVersion, context);
    case 'enrolled':
      return enrolled(state, transition, context.nowMs);
    case 'shipped':
      return { ...shipped(state, transition, context.definition), analysisClosedAtMs };
    case 'holdback-ended':
      return { holdbackBasisPoints: 0 };
    case 'rolled-back':
      return { status: 'rolled-back', shippedVariant: null, holdbackBasisPoints: 0, analysisClosedAtMs };
    case 'invalid':
    case 'inconclusive':
      return { status: transition.to, analysisClosedAtMs };
    case 'archived':
      return { status: 'archived', holdbackBasisPoints: 0 };
  }
}

function started(
  state: ExperimentState,
  definitionVersion: number,
  { definition, reservations, nowMs }: TransitionContext,
): Partial<ExperimentState> {
  const epoch = state.epoch + 1;
  const finalPercent = definition.ramp.stages.at(-1)?.percent ?? 0;
  const count = Math.round(finalPercent * 100);
  const startAt = pointOf(enrolmentSalt(state.key, epoch));
  return {
    epoch,
    definitionVersion,
    status: 'running',
    stage: 0,
    enrolledBasisPoints: 0,
    shippedVariant: null,
    holdbackBasisPoints: 0,
    startedAtMs: nowMs,
    enrolledAtMs: null,
    analysisClosedAtMs: null,
    reservedBuckets: reserveBuckets(definition.layer, reservations, count, startAt),
  };
}

function enrolled(
  state: ExperimentState,
  { stage, basisPoints }: Extract<Transition, { to: 'enrolled' }>,
  nowMs: number,
): Partial<ExperimentState> {
  const name = `experiment ${state.key}`;
  const reserved = countBuckets(state.reservedBuckets);
  if (!Number.isInteger(basisPoints) || !Number.isInteger(stage) || stage < 1) {
    throw new ConflictError(
      `${name} cannot be at stage ${stage} with ${basisPoints} basis points; both are whole numbers from 1`,
    );
  }
  if (basisPoints < state.enrolledBasisPoints || stage < state.stage) {
    throw new ConflictError(
      `${name} is at stage ${state.stage} with ${state.enrolledBasisPoints / 100} % and cannot go back to stage ${stage} with ` +
        `${basisPoints / 100} %; a ramp only ever enrols more. Roll it back instead`,
    );
  }
  if (basisPoints > reserved) {
    throw new ConflictError(
      `${name} holds ${reserved / 100} % of its layer and cannot enrol ${basisPoints / 100} %; start a new epoch with a larger final stage`,
    );
  }
  return {
    stage,
    enrolledBasisPoints: basisPoints,
    enrolledAtMs: state.enrolledAtMs ?? (basisPoints > 0 ? nowMs : null),
  };
}

function shipped(
  state: ExperimentState,
  { variant, holdbackBasisPoints }: Extract<Transition, { to: 'shipped' }>,
  definition: ExperimentDefinition,
): Partial<ExperimentState> {
  const known = definition.variants.map((candidate) => candidate.key);
  if (!known.includes(variant)) {
    throw new ConflictError(
      `experiment ${state.key} has no variant ${variant} to ship; its variants are ${known.join(', ')}`,
    );
  }
  if (!Number.isInteger(holdbackBasisPoints) || holdbackBasisPoints < 0 || holdbackBasisPoints > 10_000) {
    throw new ConflictError(
      `experiment ${state.key} cannot hold back ${holdbackBasisPoints} basis points; give a whole number from 0 to 10,000`,
    );
  }
  return { status: 'shipped', shippedVariant: variant, holdbackBasisPoints };
}
