import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { DEFAULT_TASK_QUEUE } from './task-queue.ts';

export const SCORECARDS_SCHEDULE_ID = 'scorecards';

/** Whether scorecards are refreshed by a schedule. */
export async function isScheduled(client: Client): Promise<boolean> {
  try {
    await client.schedule.getHandle(SCORECARDS_SCHEDULE_ID).describe();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

/** Sees to it that all scorecards are refreshed every `everyMs`; a round that takes longer makes the next one skip its turn. */
export async function ensureSchedules(
  client: Client,
  { everyMs, taskQueue = DEFAULT_TASK_QUEUE }: { readonly everyMs: number; readonly taskQueue?: string },
): Promise<void> {
  const spec = { intervals: [{ every: everyMs }] };
  const action = { type: 'startWorkflow' as const, workflowType: 'scorecards', workflowId: 'scorecards', taskQueue };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP };
  try {
    await client.schedule.create({ scheduleId: SCORECARDS_SCHEDULE_ID, spec, action, policies });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const schedule = client.schedule.getHandle(SCORECARDS_SCHEDULE_ID);
    await schedule.update((current) => ({ ...current, spec, action, policies }));
  }
}
