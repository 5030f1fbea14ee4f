import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { CausalWorkflows } from '../grpc-services/causal/causal-workflows.ts';
import { causalQuestionWorkflowId, type causalQuestion } from './causal-question.ts';
import { DEFAULT_TASK_QUEUE } from './task-queue.ts';

/** Starts and cancels the workflows of causal questions; one that runs already, or is over, is left alone. */
export function createCausalWorkflows(
  client: Client,
  { taskQueue = DEFAULT_TASK_QUEUE }: { readonly taskQueue?: string } = {},
): CausalWorkflows {
  return {
    start: async (questionId, document) => {
      const workflowId = causalQuestionWorkflowId(questionId);
      try {
        await client.workflow.start<typeof causalQuestion>('causalQuestion', {
          taskQueue,
          workflowId,
          args: [document],
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          staticSummary: `Causal question ${questionId}`,
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      return workflowId;
    },
    cancel: async (questionId) => {
      try {
        await client.workflow.getHandle(causalQuestionWorkflowId(questionId)).cancel();
      } catch (error) {
        // It is over already: there is nothing to stop.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}
