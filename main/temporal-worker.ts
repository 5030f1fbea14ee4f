import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Activities } from '../activities/activities.ts';
import { ensureSchedules } from '../workflows/schedules.ts';
import { ensureSearchAttributes } from '../workflows/search-attributes.ts';
import { startWorker, type RunningWorker } from '../workflows/worker.ts';
import type { Configuration } from './configuration.ts';

export interface WorkerParts {
  readonly configuration: Configuration;
  readonly client: Client;
  readonly activities: Activities;
  readonly logger: Logger;
}

const RETRY_MS = 1_000;

/** How the worker does. */
export interface WorkerState {
  readonly isRunning: boolean;
  /** How often it was started. */
  readonly starts: number;
  /** Why it does not run; `null` where it does, or has not been started yet. */
  readonly problem: string | null;
}

export interface KeptWorker {
  state(): WorkerState;
  stop(): Promise<void>;
}

/** Runs a Temporal worker for as long as it is not stopped; where Temporal is away, or the worker fails, it is started anew. */
export function keepWorking(parts: WorkerParts): KeptWorker {
  const stopping = new AbortController();
  let current: RunningWorker | undefined;
  let starts = 0;
  let problem: string | null = null;
  const finished = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await workOnce(parts, (worker) => {
          current = worker;
          starts += 1;
          problem = null;
          if (stopping.signal.aborted) void worker.stop();
        });
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        parts.logger.warn({ err: error }, 'the Temporal worker is not running; it is started again');
      }
      current = undefined;
      if (!stopping.signal.aborted) await delay(RETRY_MS);
    }
  })();
  return {
    state: () => ({ isRunning: current !== undefined, starts, problem }),
    stop: async () => {
      stopping.abort();
      await current?.stop();
      await finished;
    },
  };
}

async function workOnce(
  { configuration, client, activities, logger }: WorkerParts,
  onStarted: (worker: RunningWorker) => void,
): Promise<void> {
  const connection = await NativeConnection.connect({ address: configuration.TEMPORAL_ADDRESS });
  try {
    await ensureSearchAttributes(client);
    const worker = await startWorker({ connection, activities, namespace: configuration.TEMPORAL_NAMESPACE });
    await ensureSchedules(client, { everyMs: configuration.UMPIRE_SCORECARD_EVERY_MS });
    logger.info('the Temporal worker is running');
    onStarted(worker);
    await worker.finished;
  } finally {
    await connection.close();
  }
}
