import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/activities.ts';
import { readConfiguration } from '../main/configuration.ts';
import {
  connectTemporalClient,
  connectTemporalWorker,
  temporalOptions,
  type TemporalOptions,
} from '../main/temporal.ts';
import { cachedTemporal, startTemporal, type TemporalServer } from '../parts/temporal.ts';
import { startCodecServer } from '../payload-codec/codec-server.ts';
import { EncryptionCodec } from '../payload-codec/encryption-codec.ts';
import { createExperimentWorkflows } from '../workflows/experiment-client.ts';
import { experimentWorkflowId } from '../workflows/experiment-input.ts';
import { rollBack, stateQuery } from '../workflows/experiment-messages.ts';
import { ensureSearchAttributes } from '../workflows/search-attributes.ts';
import { exampleDefinition } from '../workflows/testing/examples.ts';
import { createInMemoryControlStore } from '../workflows/testing/in-memory-control-store.ts';
import { startWorker, workflowBundle, type RunningWorker } from '../workflows/worker.ts';
import { eventually } from './support/processes.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** Each is in another place: a definition, an input, an update, a failure of an activity. */
const HYPOTHESIS = 'hypothesis-nobody-may-read';
const STARTED_FOR = 'start-reason-nobody-may-read';
const ROLLED_BACK_FOR = 'rollback-reason-nobody-may-read';
const FAILED_FOR = 'failure-nobody-may-read';
const SECRETS = [HYPOTHESIS, STARTED_FOR, ROLLED_BACK_FOR, FAILED_FOR];
const WRITTEN_PLAIN = 'before there were keys';
const KEY = 'upi_retry';
const KEYS = `k2:${randomBytes(32).toString('base64')},k1:${randomBytes(32).toString('base64')}`;

describe('with keys for payloads', { timeout: 120_000 }, () => {
  let directory: string;
  let server: TemporalServer;
  let options: TemporalOptions;
  let client: Client;
  let worker: RunningWorker;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'umpire-encryption-'));
    server = await startTemporal({ dataFile: path.join(directory, 'temporal.sqlite') });
    options = await optionsWith(server, KEYS);
    client = await connectTemporalClient(options);
    await ensureSearchAttributes(client);
    worker = await startWorkerOn(options);
  });
  after(async () => {
    await worker.stop();
    await client.connection.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test('an experiment runs, and Temporal keeps nothing of it that can be read but its search attributes', async () => {
    const workflows = createExperimentWorkflows(client, options);
    await workflows.start(KEY, { name: 'asha', reason: STARTED_FOR });
    const handle = client.workflow.getHandle(experimentWorkflowId(KEY));
    await eventually(async () => assert.equal((await handle.query(stateQuery)).stage, 1));
    assert.equal((await handle.describe()).memo?.['hypothesis'], HYPOTHESIS);
    await assert.rejects(
      client.workflow.execute('scorecards', { workflowId: 'round', taskQueue: options.taskQueue }),
      /Workflow execution failed/,
    );
    await handle.executeUpdate(rollBack, { args: [{ actor: { name: 'ravi', reason: ROLLED_BACK_FOR } }] });
    await handle.result();

    const stored = await storedBytes(directory);
    for (const secret of SECRETS) assert.ok(!stored.includes(secret), `${secret} can be read`);
    // What is found by is readable: the workflow's id and type, its search attributes.
    assert.ok(stored.includes('UmpireExperimentStatus'));
    assert.ok(stored.includes(KEY));
    const history = historyToJSON(await handle.fetchHistory());
    assert.ok(history.includes(Buffer.from('binary/encrypted').toString('base64')));
    for await (const found of client.workflow.list({ query: `UmpireExperimentKey = '${KEY}'` })) {
      assert.equal(found.workflowId, handle.workflowId);
    }
  });

  test('its history is replayed with the keys, and not without', async () => {
    const history = await client.workflow.getHandle(experimentWorkflowId(KEY)).fetchHistory();
    const { dataConverter } = options;
    const bundle = { workflowBundle: await workflowBundle(dataConverter), dataConverter };
    await Worker.runReplayHistory(bundle, history, experimentWorkflowId(KEY));
    const { dataConverter: others } = await optionsWith(server, `k3:${randomBytes(32).toString('base64')}`);
    await assert.rejects(
      Worker.runReplayHistory({ ...bundle, dataConverter: others }, history, experimentWorkflowId(KEY)),
    );
  });

  test("Temporal's own command line shows it through the codec server, and does not without", async () => {
    const { UMPIRE_PAYLOAD_KEYS: keys } = readConfiguration({ UMPIRE_PAYLOAD_KEYS: KEYS });
    assert.ok(keys !== undefined);
    const codec = await startCodecServer({ address: '127.0.0.1:0', codec: new EncryptionCodec(keys), origins: [] });
    const show = async (...args: string[]): Promise<string> => {
      const command = ['workflow', 'show', '--workflow-id', experimentWorkflowId(KEY), '--output', 'json', ...args];
      const { stdout } = await run(temporalCommand(), [...command, '--address', server.address]);
      // It prints payloads as base64.
      return stdout.replaceAll(/"data": "([^"]*)"/g, (_, data: string) => Buffer.from(data, 'base64').toString());
    };
    assert.ok((await show('--codec-endpoint', codec.url)).includes(STARTED_FOR));
    assert.ok(!(await show()).includes(STARTED_FOR));
    await codec.stop();
  });

  test('whoever lacks the key is told which one', async () => {
    const other = await connectTemporalClient(await optionsWith(server, `k3:${randomBytes(32).toString('base64')}`));
    const handle = other.workflow.getHandle(experimentWorkflowId(KEY));
    await assert.rejects(handle.result(), /encrypted with the key "k2", and this process has only k3/);
    await other.connection.close();
  });

  test('a workflow that began before encryption goes on with it', async () => {
    await worker.stop();
    const plain = await optionsWith(server, '');
    const plainClient = await connectTemporalClient(plain);
    const plainWorker = await startWorkerOn(plain);
    const before = createExperimentWorkflows(plainClient, plain);
    await before.start('older', { name: 'asha', reason: WRITTEN_PLAIN });
    const handle = client.workflow.getHandle(experimentWorkflowId('older'));
    await eventually(async () => assert.equal((await handle.query(stateQuery)).stage, 1));
    await plainWorker.stop();
    await plainClient.connection.close();
    worker = await startWorkerOn(options);
    const view = await handle.executeUpdate(rollBack, { args: [{ actor: { name: 'ravi', reason: 'after' } }] });
    assert.ok(view.timeline.some(({ what }) => what.startsWith('started')));
    await handle.result();
    // And looking into what the server keeps finds what is readable.
    assert.ok((await storedBytes(directory)).includes(WRITTEN_PLAIN));
  });
});

const run = promisify(execFile);

/** As the dev server is found. */
function temporalCommand(): string {
  return readConfiguration().TEMPORAL_CLI_PATH ?? (existsSync(cachedTemporal()) ? cachedTemporal() : 'temporal');
}

async function optionsWith({ address }: TemporalServer, keys: string): Promise<TemporalOptions> {
  return await temporalOptions(readConfiguration({ TEMPORAL_ADDRESS: address, UMPIRE_PAYLOAD_KEYS: keys }));
}

async function startWorkerOn(options: TemporalOptions): Promise<RunningWorker> {
  const definitions = [KEY, 'older'].map((key) => exampleDefinition({ key, hypothesis: HYPOTHESIS }));
  const store = createInMemoryControlStore(definitions, Date.now);
  const judge = (): Promise<never> => Promise.reject(new Error(FAILED_FOR));
  const activities = createActivities({ controlStore: store, judge });
  return await startWorker({ ...options, connection: await connectTemporalWorker(options), activities });
}

/** Everything that the server wrote to its disk, as one text. */
async function storedBytes(directory: string): Promise<string> {
  const files = await readdir(directory);
  const contents = await Promise.all(files.map((file) => readFile(path.join(directory, file), 'latin1')));
  return contents.join('\n');
}
