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

/** Runs a Temporal worker for as long as it is not stopped; where Temporal is away, or the worker fails, it is started anew. */
export function keepWorking(parts: WorkerParts): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let current: RunningWorker | undefined;
  const finished = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await workOnce(parts, (worker) => {
          current = worker;
          if (stopping.signal.aborted) void worker.stop();
        });
      } catch (error) {
        parts.logger.warn({ err: error }, 'the Temporal worker is not running; it is started again');
      }
      current = undefined;
      if (!stopping.signal.aborted) await delay(RETRY_MS);
    }
  })();
  return {
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
