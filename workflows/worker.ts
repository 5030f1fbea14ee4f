import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  Worker,
  type NativeConnection,
  type WorkerDeploymentOptions,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type { DataConverter } from '@temporalio/common';
import type { Activities } from '../activities/activities.ts';
import { DEFAULT_TASK_QUEUE } from './task-queue.ts';

export interface WorkerOptions {
  readonly connection: NativeConnection;
  readonly activities: Activities;
  readonly taskQueue?: string;
  readonly namespace?: string;
  /** How payloads are written; default: as Temporal does, readable for everybody who reads Temporal. */
  readonly dataConverter?: DataConverter;
  /** How much is done at once, and how much is kept in memory; default: the SDK's. */
  readonly tuning?: WorkerTuning;
  /** The build of a deployment that this worker is; absent: it takes work of any version. */
  readonly version?: { readonly deploymentName: string; readonly buildId: string };
  /** A file that `workflowBundle` was written to; default: bundled on the first use in this process. */
  readonly bundlePath?: string;
}

/** Fixed limits, or a share of the machine that is not to be exceeded. */
export interface WorkerTuning {
  readonly maxConcurrentActivityTaskExecutions?: number;
  readonly maxConcurrentWorkflowTaskExecutions?: number;
  readonly maxCachedWorkflows?: number;
  readonly tuner?: { readonly tunerOptions: { readonly targetMemoryUsage: number; readonly targetCpuUsage: number } };
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
    workflowBundle: await bundleOf(options),
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    ...(options.dataConverter === undefined ? {} : { dataConverter: options.dataConverter }),
    ...(options.version === undefined ? {} : { workerDeploymentOptions: pinnedTo(options.version) }),
    ...options.tuning,
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

/** What a workflow began with it ends with, the code of its activities included: see docs/decisions/0008-pinned-workflows.md. */
function pinnedTo(version: NonNullable<WorkerOptions['version']>): WorkerDeploymentOptions {
  return { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' };
}

async function bundleOf({ bundlePath, dataConverter }: WorkerOptions): Promise<{ code: string }> {
  return bundlePath === undefined ? await workflowBundle(dataConverter) : await readBundle(bundlePath);
}

const bundled = new Map<string | undefined, Promise<WorkflowBundleWithSourceMap>>();

/**
 * The workflows as one script; bundling takes about a second, so it is done once a process. What converts failures is part of it, because
 * workflows convert theirs inside their sandbox.
 */
export function workflowBundle({
  failureConverterPath,
}: Pick<DataConverter, 'failureConverterPath'> = {}): Promise<WorkflowBundleWithSourceMap> {
  const known = bundled.get(failureConverterPath);
  if (known !== undefined) return known;
  const bundle = bundleWorkflowCode({
    workflowsPath: workflowsPath(),
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: console.warn,
      error: console.error,
    },
  });
  bundled.set(failureConverterPath, bundle);
  return bundle;
}

/** From source the workflows are `.ts`, from the build `.js`. */
function workflowsPath(): string {
  const here = fileURLToPath(import.meta.url);
  return path.join(path.dirname(here), `workflows${path.extname(here)}`);
}

async function readBundle(bundlePath: string): Promise<{ code: string }> {
  return { code: await readFile(bundlePath, 'utf8') };
}
