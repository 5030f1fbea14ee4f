import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Activities } from '../activities/activities.ts';
import { ensureSchedules } from '../workflows/schedules.ts';
import { ensureSearchAttributes } from '../workflows/search-attributes.ts';
import { startWorker, type RunningWorker, type WorkerTuning } from '../workflows/worker.ts';
import type { Configuration } from './configuration.ts';
import { connectTemporalWorker, type TemporalOptions } from './temporal.ts';

export interface WorkerParts {
  readonly configuration: Configuration;
  readonly temporal: TemporalOptions;
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
  /** `null`: it takes work of any version. */
  readonly version: WorkerVersion | null;
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
    state: () => ({ isRunning: current !== undefined, starts, problem, version: versionOf(parts.configuration) }),
    stop: async () => {
      stopping.abort();
      await current?.stop();
      await finished;
    },
  };
}

async function workOnce(
  { configuration, temporal, client, activities, logger }: WorkerParts,
  onStarted: (worker: RunningWorker) => void,
): Promise<void> {
  const connection = await connectTemporalWorker(temporal);
  try {
    await searchAttributes(client, logger);
    const { namespace, taskQueue, dataConverter } = temporal;
    const version = versionOf(configuration);
    const worker = await startWorker({
      connection,
      activities,
      namespace,
      taskQueue,
      dataConverter,
      tuning: tuningOf(configuration),
      ...(version === null ? {} : { version }),
    });
    await ensureSchedules(client, { everyMs: configuration.UMPIRE_SCORECARD_EVERY_MS, taskQueue });
    logger.info('the Temporal worker is running');
    onStarted(worker);
    await worker.finished;
  } finally {
    await connection.close();
  }
}

interface WorkerVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

function versionOf(configuration: Configuration): WorkerVersion | null {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = configuration;
  return deploymentName === undefined || buildId === undefined ? null : { deploymentName, buildId };
}

function tuningOf(configuration: Configuration): WorkerTuning {
  const { UMPIRE_WORKER_TARGET_MEMORY: targetMemoryUsage, UMPIRE_WORKER_TARGET_CPU: targetCpuUsage } = configuration;
  const limits = {
    maxConcurrentActivityTaskExecutions: configuration.UMPIRE_MAX_ACTIVITIES,
    maxConcurrentWorkflowTaskExecutions: configuration.UMPIRE_MAX_WORKFLOW_TASKS,
    maxCachedWorkflows: configuration.UMPIRE_MAX_CACHED_WORKFLOWS,
  };
  const tuning: WorkerTuning = Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
  if (targetMemoryUsage === undefined || targetCpuUsage === undefined) return tuning;
  return { ...tuning, tuner: { tunerOptions: { targetMemoryUsage, targetCpuUsage } } };
}

/** Some servers, such as Temporal Cloud, let nobody but their administrators ask for search attributes. */
async function searchAttributes(client: Client, logger: Logger): Promise<void> {
  try {
    await ensureSearchAttributes(client);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && REFUSALS.has(Number(error.code)))) throw error;
    logger.warn(
      { err: error },
      'search attributes could not be looked at; "umpire setup --check" says which are needed',
    );
  }
}

/** PERMISSION_DENIED, UNIMPLEMENTED. */
const REFUSALS: ReadonlySet<number> = new Set([7, 12]);
