import { setTimeout as delay } from 'node:timers/promises';

/** Whether a process of that id runs. */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

const POLL_MS = 50;

/** Resolves once every process has ended. */
export async function allEnded(processIds: readonly number[]): Promise<void> {
  while (processIds.some(isAlive)) await delay(POLL_MS);
}

/** Tries until it succeeds and resolves with what it returned. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      // What keeps failing shows as the test's timeout.
      await delay(POLL_MS);
    }
  }
}
