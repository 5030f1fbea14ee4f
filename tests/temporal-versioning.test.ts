import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createActivities } from '../activities/activities.ts';
import type { ControlStore } from '../control-store/port.ts';
import { readConfiguration } from '../main/configuration.ts';
import { keepWorking, type KeptWorker } from '../main/temporal-worker.ts';
import { connectTemporalClient, temporalOptions } from '../main/temporal.ts';
import { startTemporal, type TemporalServer } from '../parts/temporal.ts';
import pino from 'pino';
import { createExperimentWorkflows } from '../workflows/experiment-client.ts';
import { experimentWorkflowId } from '../workflows/experiment-input.ts';
import { rollBack, stateQuery } from '../workflows/experiment-messages.ts';
import { SCORECARDS_SCHEDULE_ID } from '../workflows/schedules.ts';
import { exampleDefinition, exampleScorecard } from '../workflows/testing/examples.ts';
import { createInMemoryControlStore } from '../workflows/testing/in-memory-control-store.ts';
import { eventually } from './support/processes.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const DEPLOYMENT = 'umpire-test';
const actor = { name: 'asha', reason: 'test' };

describe('a versioned deployment', { timeout: 120_000 }, () => {
  /** What each build did, such as `v1 older enrolled`. */
  const done: string[] = [];
  const store = createInMemoryControlStore(
    ['older', 'newer'].map((key) => exampleDefinition({ key })),
    Date.now,
  );
  const workers = new Map<string, KeptWorker>();
  let server: TemporalServer;
  let client: Client;

  before(async () => {
    server = await startTemporal();
    client = await connectTemporalClient(
      await temporalOptions(readConfiguration({ TEMPORAL_ADDRESS: server.address })),
    );
  });
  after(async () => {
    for (const worker of workers.values()) await worker.stop();
    await client.connection.close();
    await server.stop();
  });

  async function startBuild(buildId: string, tuning: Readonly<Record<string, string>>): Promise<void> {
    const configuration = readConfiguration({
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_DEPLOYMENT_NAME: DEPLOYMENT,
      TEMPORAL_WORKER_BUILD_ID: buildId,
      // Only what this test triggers.
      UMPIRE_SCORECARD_EVERY_MS: '3600000',
      ...tuning,
    });
    const controlStore: ControlStore = {
      ...store,
      transition: async (request) => {
        done.push(`${buildId} ${request.experimentKey} ${request.transition.to}`);
        return await store.transition(request);
      },
    };
    const activities = createActivities({
      controlStore,
      judge: async (experimentKey) => {
        done.push(`${buildId} judges ${experimentKey}`);
        return await Promise.resolve(exampleScorecard('keep-running', { experimentKey }));
      },
    });
    const temporal = await temporalOptions(configuration);
    workers.set(
      buildId,
      keepWorking({ configuration, temporal, client, activities, logger: pino({ level: 'silent' }) }),
    );
  }

  /** As `temporal worker deployment set-current-version` does; until a worker of that build polls, the server does not know it. */
  async function makeCurrent(buildId: string): Promise<void> {
    await eventually(() =>
      client.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: 'default',
        deploymentName: DEPLOYMENT,
        buildId,
        identity: 'test',
      }),
    );
  }

  async function start(key: string): Promise<void> {
    await createExperimentWorkflows(client).start(key, actor);
    const handle = client.workflow.getHandle(experimentWorkflowId(key));
    await eventually(async () => assert.equal((await handle.query(stateQuery)).stage, 1));
  }

  async function judgedBy(buildId: string, key: string): Promise<void> {
    await client.schedule.getHandle(SCORECARDS_SCHEDULE_ID).trigger();
    await eventually(async () => assert.ok(done.includes(`${buildId} judges ${key}`), done.join('; ')));
  }

  test('the build that is made the current one gets the work', async () => {
    await startBuild('v1', {
      UMPIRE_MAX_ACTIVITIES: '3',
      UMPIRE_MAX_WORKFLOW_TASKS: '2',
      UMPIRE_MAX_CACHED_WORKFLOWS: '5',
    });
    await makeCurrent('v1');
    await start('older');
    await judgedBy('v1', 'older');
  });

  test('new experiments and rounds of scorecards go to the new build; what began on the old one ends there', async () => {
    await startBuild('v2', { UMPIRE_WORKER_TARGET_MEMORY: '0.95', UMPIRE_WORKER_TARGET_CPU: '1' });
    await makeCurrent('v2');
    await start('newer');
    await judgedBy('v2', 'newer');
    const older = client.workflow.getHandle(experimentWorkflowId('older'));
    await older.executeUpdate(rollBack, { args: [{ actor }] });
    await older.result();
    const builds = (key: string): Set<string | undefined> =>
      new Set(done.filter((each) => each.includes(` ${key} `)).map((each) => each.split(' ')[0]));
    assert.deepEqual([...builds('older')], ['v1']);
    assert.deepEqual([...builds('newer')], ['v2']);
  });

  test('with the old build stopped, the new one goes on', async () => {
    await workers.get('v1')?.stop();
    const newer = client.workflow.getHandle(experimentWorkflowId('newer'));
    await newer.executeUpdate(rollBack, { args: [{ actor }] });
    await newer.result();
    assert.ok(done.includes('v2 newer rolled-back'));
  });
});
