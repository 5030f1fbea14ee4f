import { ApplicationFailure } from '@temporalio/workflow';
import type { Actor } from '../control-store/port.ts';
import type { ExperimentState } from './experiment-state.ts';

/** What starts an experiment. In Temporal's own form: `{"experiment": "upi_retry"}`. */
export interface ExperimentInput {
  /** The experiment's key, as its definition names it. */
  readonly experiment: string;
  /** Who starts it, and why. */
  readonly actor?: Actor;
  /** Length of the history, in events, at which a new run takes over; default 4,000. */
  readonly continueAfterEvents?: number;
  /** Where the run before left off; only ever set by the workflow itself. */
  readonly carried?: ExperimentState;
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(['experiment', 'actor', 'continueAfterEvents']);
const KEY = /^[a-z0-9][a-z0-9_.-]{0,99}$/i;
const EXAMPLE = 'Give one object such as {"experiment": "upi_retry"}.';

/** The id under which an experiment's only running workflow is found. */
export function experimentWorkflowId(experimentKey: string): string {
  return `experiment/${experimentKey}`;
}

/**
 * @param isContinued whether an earlier run of the same workflow handed over to this one: only then may `carried` be there
 * @throws ApplicationFailure InvalidInputError with a sentence that a product manager understands
 */
export function readInput(input: unknown, isContinued: boolean): ExperimentInput {
  if (typeof input === 'string') {
    throw invalid(`The input is the text ${JSON.stringify(input)}. ${EXAMPLE}`);
  }
  if (!isRecord(input)) throw invalid(`The input is missing or is not one object. ${EXAMPLE}`);
  const unknown = Object.keys(input).find((field) => !KNOWN_FIELDS.has(field) && !(isContinued && field === 'carried'));
  if (unknown !== undefined) throw invalid(`The input has a field "${unknown}" that means nothing here. ${EXAMPLE}`);
  const { experiment, actor, continueAfterEvents, carried } = input;
  if (typeof experiment !== 'string' || experiment === '') {
    throw invalid(`The input does not name an experiment: "experiment" must be its key. ${EXAMPLE}`);
  }
  if (!KEY.test(experiment)) {
    throw invalid(
      `"${experiment}" cannot be an experiment's key: use letters, digits, ".", "-" and "_" only, at most 100. ${EXAMPLE}`,
    );
  }
  return {
    experiment,
    actor: actor === undefined || actor === null ? unnamedActor : readActor(actor),
    ...(continueAfterEvents === undefined ? {} : { continueAfterEvents: readEventCount(continueAfterEvents) }),
    // Written by this workflow's own earlier run, which was checked when it began.
    ...(carried === undefined ? {} : { carried: carried as ExperimentState }),
  };
}

const unnamedActor: Actor = { name: 'temporal', reason: 'started from Temporal without naming anybody' };

/** Who does something, and why; both are needed, for they go to the audit. @throws ApplicationFailure InvalidInputError */
export function readActor(actor: unknown): Actor {
  const example = 'such as {"actor": {"name": "asha", "reason": "numbers look right"}}';
  if (!isRecord(actor)) throw invalid(`Say who does this and why, ${example}.`);
  const { name, reason } = actor;
  if (typeof name !== 'string' || name.trim() === '') throw invalid(`"actor.name" must say who does this, ${example}.`);
  if (typeof reason !== 'string' || reason.trim() === '') {
    throw invalid(`"actor.reason" must say why, in a sentence, ${example}.`);
  }
  return { name, reason };
}

function readEventCount(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 10) return value;
  throw invalid('"continueAfterEvents" must be a whole number of at least 10; leave it out for the usual 4,000.');
}

export function invalid(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'InvalidInputError');
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
