import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { ErasureWorkflows } from '../grpc-services/control/erasure-workflows.ts';
import { eraseUserWorkflowId, type eraseUser } from './erase-user.ts';
import { DEFAULT_TASK_QUEUE } from './task-queue.ts';

/** Starts the workflow of an erasure; one that runs already, or is over, is left alone. */
export function createErasureWorkflows(
  client: Client,
  { taskQueue = DEFAULT_TASK_QUEUE }: { readonly taskQueue?: string } = {},
): ErasureWorkflows {
  return {
    start: async (erasureId) => {
      const workflowId = eraseUserWorkflowId(erasureId);
      try {
        await client.workflow.start<typeof eraseUser>('eraseUser', {
          taskQueue,
          workflowId,
          args: [{ erasureId }],
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          staticSummary: `Erasure ${erasureId}`,
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      return workflowId;
    },
  };
}
