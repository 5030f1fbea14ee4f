import { TestWorkflowEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities/activities.ts';
import type { Judge } from '../../activities/ports.ts';
import type { ControlStore } from '../../control-store/port.ts';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import { ensureTimeSkippingServer } from '../../parts/time-skipping-server.ts';
import { SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import { startWorker, type RunningWorker } from '../worker.ts';
import { createInMemoryControlStore, type InMemoryControlStore } from './in-memory-control-store.ts';

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
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: server.executablePath } },
  });
  // This server has no list of search attributes, which `ensureSearchAttributes` begins with.
  await environment.client.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  return environment;
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
