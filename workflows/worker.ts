import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  Worker,
  type NativeConnection,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type { Activities } from '../activities/activities.ts';
import { DEFAULT_TASK_QUEUE } from './task-queue.ts';

export interface WorkerOptions {
  readonly connection: NativeConnection;
  readonly activities: Activities;
  readonly taskQueue?: string;
  readonly namespace?: string;
  /** A file that `workflowBundle` was written to; default: bundled on the first use in this process. */
  readonly bundlePath?: string;
}

export interface RunningWorker {
  /** Settles when the worker has stopped; rejects where it failed. */
  readonly finished: Promise<void>;
  /** Takes nothing new, lets what runs finish within ten seconds, and stops. */
  stop(): Promise<void>;
}

const SHUTDOWN_GRACE_MS = 10_000;

/** Starts a worker for every workflow and activity. Search attributes must exist: see `ensureSearchAttributes`. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const worker = await Worker.create({
    connection: options.connection,
    namespace: options.namespace ?? 'default',
    taskQueue: options.taskQueue ?? DEFAULT_TASK_QUEUE,
    activities: options.activities,
    workflowBundle: options.bundlePath === undefined ? await workflowBundle() : await readBundle(options.bundlePath),
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
  });
  const finished = worker.run();
  return {
    finished,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await finished;
    },
  };
}

let bundled: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The workflows as one script; bundling takes about a second, so it is done once a process. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundled ??= bundleWorkflowCode({
    workflowsPath: workflowsPath(),
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: console.warn,
      error: console.error,
    },
  });
  return bundled;
}

/** From source the workflows are `.ts`, from the build `.js`. */
function workflowsPath(): string {
  const here = fileURLToPath(import.meta.url);
  return path.join(path.dirname(here), `workflows${path.extname(here)}`);
}

async function readBundle(bundlePath: string): Promise<{ code: string }> {
  return { code: await readFile(bundlePath, 'utf8') };
}
