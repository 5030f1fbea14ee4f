import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createActivities } from '../../activities/activities.ts';
import type { Judge } from '../../activities/ports.ts';
import type { ControlStore } from '../../control-store/port.ts';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import { ensureTimeSkippingServer } from '../../parts/time-skipping-server.ts';
import { experimentWorkflowId, type ExperimentInput } from '../experiment-input.ts';
import { stateQuery } from '../experiment-messages.ts';
import type { ExperimentView } from '../experiment-state.ts';
import type { experiment } from '../experiment.ts';
import { SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import { startWorker, type RunningWorker } from '../worker.ts';
import { createInMemoryControlStore, type InMemoryControlStore } from './in-memory-control-store.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** Why suites that skip time cannot run here; false: they can. On CI a missing Java fails instead of skipping. */
export async function whyNoTimeSkipping(isContinuousIntegration: boolean): Promise<string | false> {
  const server = await ensureTimeSkippingServer({ onProgress: (message) => process.stderr.write(`${message}\n`) });
  if (server.isAvailable) return false;
  if (isContinuousIntegration) throw new Error(`time-skipping suites must run on CI: ${server.reason}`);
  return `no time-skipping: ${server.reason}`;
}

export async function startTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const server = await ensureTimeSkippingServer();
  if (!server.isAvailable) throw new Error(server.reason);
  const environment = await startedWithin(START_ATTEMPTS, server.executablePath);
  // This server has no list of search attributes, which `ensureSearchAttributes` begins with.
  await environment.client.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  return environment;
}

const START_ATTEMPTS = 5;

/** The SDK waits five seconds for the server, whatever else the machine is doing. */
async function startedWithin(attempts: number, path: string): Promise<TestWorkflowEnvironment> {
  try {
    return await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
    });
  } catch (error) {
    if (attempts === 1) throw error;
    return await startedWithin(attempts - 1, path);
  }
}

/** A worker over an in-memory store for one test. */
export interface Bench {
  readonly store: ControlStore & InMemoryControlStore;
  readonly taskQueue: string;
  readonly worker: RunningWorker;
}

let benches = 0;

export async function withBench<T>(
  environment: TestWorkflowEnvironment,
  setting: { readonly definitions: readonly ExperimentDefinition[]; readonly judge: Judge },
  test: (bench: Bench) => Promise<T>,
): Promise<T> {
  const store = createInMemoryControlStore(setting.definitions, () => 0);
  benches += 1;
  const taskQueue = `bench-${benches}`;
  const activities = createActivities({ controlStore: store, judge: setting.judge });
  const worker = await startWorker({ connection: environment.nativeConnection, activities, taskQueue });
  try {
    return await test({ store, taskQueue, worker });
  } finally {
    await worker.stop();
  }
}

/** Where one experiment of a bench stands and what can be asked of it. */
export type ExperimentHandle = WorkflowHandleWithFirstExecutionRunId<typeof experiment>;

export async function startExperiment(
  environment: TestWorkflowEnvironment,
  { taskQueue }: Bench,
  input: ExperimentInput,
): Promise<ExperimentHandle> {
  return await environment.client.workflow.start<typeof experiment>('experiment', {
    taskQueue,
    workflowId: experimentWorkflowId(input.experiment),
    args: [input],
  });
}

const LOOK_AGAIN_MS = 20;

/** Waits, in real time, until the workflow has got somewhere. */
export async function until(
  handle: Pick<ExperimentHandle, 'query'>,
  isThere: (view: ExperimentView) => boolean,
): Promise<ExperimentView> {
  for (;;) {
    const view = await handle.query(stateQuery);
    if (isThere(view)) return view;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** What was done to the record, in short: `enrolled 2`, `shipped retry`. */
export function stepsOf({ store }: Bench, experimentKey: string): readonly string[] {
  return store.applied
    .filter((request) => request.experimentKey === experimentKey)
    .map(({ transition }) => {
      if (transition.to === 'enrolled') return `enrolled ${transition.stage}`;
      return transition.to === 'shipped' ? `shipped ${transition.variant}` : transition.to;
    });
}
