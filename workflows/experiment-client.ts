import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { ConflictError, NotFoundError, type Actor } from '../control-store/port.ts';
import type { ExperimentWorkflows } from '../grpc-services/control/experiment-workflows.ts';
import { experimentWorkflowId } from './experiment-input.ts';
import { approve, killed, pause, ramp, resume, rollBack, ship, type Asked } from './experiment-messages.ts';
import type { ExperimentView } from './experiment-state.ts';
import type { experiment } from './experiment.ts';
import { DEFAULT_TASK_QUEUE } from './task-queue.ts';

export interface ExperimentWorkflowsOptions {
  readonly taskQueue?: string;
  /** How long a workflow may take to answer an update, in ms; default 30,000. Without a worker it would wait for ever. */
  readonly answerTimeoutMs?: number;
}

const ANSWER_TIMEOUT_MS = 30_000;

/** Steers experiments through Temporal; its failures become the errors of the control store's port. */
export function createExperimentWorkflows(
  client: Client,
  { taskQueue = DEFAULT_TASK_QUEUE, answerTimeoutMs = ANSWER_TIMEOUT_MS }: ExperimentWorkflowsOptions = {},
): ExperimentWorkflows {
  async function ask<A extends Asked>(
    update: UpdateDefinition<ExperimentView, [A]>,
    experimentKey: string,
    asked: A,
  ): Promise<void> {
    const handle = client.workflow.getHandle(experimentWorkflowId(experimentKey));
    try {
      await client.withAbortSignal(AbortSignal.timeout(answerTimeoutMs), () =>
        handle.executeUpdate(update, { args: [asked] }),
      );
    } catch (error) {
      throw inWordsOfThePort(error, experimentKey, answerTimeoutMs);
    }
  }

  return {
    start: async (experimentKey, actor) => {
      const workflowId = experimentWorkflowId(experimentKey);
      try {
        await client.workflow.start<typeof experiment>('experiment', {
          taskQueue,
          workflowId,
          args: [{ experiment: experimentKey, actor }],
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          staticSummary: `Experiment ${experimentKey}`,
          staticDetails: startedBy(actor),
        });
      } catch (error) {
        throw inWordsOfThePort(error, experimentKey, answerTimeoutMs);
      }
      return workflowId;
    },
    approve: (key, actor) => ask(approve, key, { actor }),
    pause: (key, actor) => ask(pause, key, { actor }),
    resume: (key, actor) => ask(resume, key, { actor }),
    ramp: (key, stage, actor) => ask(ramp, key, { actor, stage }),
    ship: (key, variant, actor) => ask(ship, key, { actor, variant }),
    rollBack: (key, actor) => ask(rollBack, key, { actor }),
    killed: async (key, { killId, actor }) => {
      try {
        await client.workflow.getHandle(experimentWorkflowId(key)).signal(killed, { killId, actor });
      } catch (error) {
        // Nothing runs that would have to be rolled back: the kill itself is published already.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}

function startedBy({ name, reason }: Actor): string {
  return `Started by ${name}: ${reason}`;
}

function inWordsOfThePort(error: unknown, experimentKey: string, answerTimeoutMs: number): unknown {
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new ConflictError(`experiment ${experimentKey} runs already; end it before you start it again`);
  }
  if (error instanceof WorkflowNotFoundError) {
    return new NotFoundError(`no workflow runs for experiment ${experimentKey}; start it first`);
  }
  if (error instanceof WorkflowUpdateFailedError) return refusalOf(error);
  if (isTimeout(error)) {
    return new Error(
      `the workflow of experiment ${experimentKey} did not answer within ${answerTimeoutMs} ms; is a worker running (umpire work)?`,
      { cause: error },
    );
  }
  return error;
}

function refusalOf(error: WorkflowUpdateFailedError): Error {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return error;
  if (cause.type === 'ConflictError') return new ConflictError(cause.message);
  if (cause.type === 'NotFoundError') return new NotFoundError(cause.message);
  if (cause.type === 'InvalidInputError') return new RangeError(cause.message);
  return error;
}

function isTimeout(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  return error instanceof Error && (isGrpcDeadlineError(error) || isGrpcCancelledError(error));
}
