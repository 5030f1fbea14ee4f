import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { readConfiguration } from '../main/configuration.ts';
import { TemporalUnreachableError } from '../main/temporal-failure.ts';
import {
  connectTemporalClient,
  connectTemporalWorker,
  temporalOptions,
  type TemporalOptions,
} from '../main/temporal.ts';
import { freePort } from '../parts/free-port.ts';
import { startTemporal, type TemporalServer } from '../parts/temporal.ts';
import type { scorecards } from '../workflows/scorecards.ts';
import { startWorker } from '../workflows/worker.ts';
import { createActivities } from '../activities/activities.ts';
import { ensureSearchAttributes } from '../workflows/search-attributes.ts';
import { createInMemoryControlStore } from '../workflows/testing/in-memory-control-store.ts';
import { createAuthority, type Authority, type Certificate } from './support/certificates.ts';
import { startTemporalGate, type TemporalGate } from './support/temporal-gate.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const API_KEY = 'a-key-of-temporal-cloud';
const NAME = 'temporal.internal';

describe('the connection to Temporal', { timeout: 120_000 }, () => {
  let directory: string;
  let server: TemporalServer;
  let authority: Authority;
  let certificate: Certificate;
  let ours: Certificate;
  const gates: TemporalGate[] = [];

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'umpire-tls-'));
    server = await startTemporal();
    authority = await createAuthority(directory, 'their-authority');
    certificate = await authority.issue(NAME);
    ours = await authority.issue('umpire');
  });
  after(async () => {
    for (const gate of gates) await gate.stop();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const gate = async (options: { isMutual?: boolean; apiKey?: string } = {}): Promise<TemporalGate> => {
    const { isMutual = false, apiKey } = options;
    const opened = await startTemporalGate({
      behind: server.address,
      certificate,
      ...(isMutual ? { clientAuthority: authority } : {}),
      ...(apiKey === undefined ? {} : { apiKey }),
    });
    gates.push(opened);
    return opened;
  };
  /** What a server certificate of our own authority and under another name needs. */
  const trusted = ({ address }: TemporalGate) => ({
    TEMPORAL_ADDRESS: address,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.certificateFile,
    TEMPORAL_TLS_SERVER_NAME: NAME,
  });
  const withCertificate = (opened: TemporalGate) => ({
    ...trusted(opened),
    TEMPORAL_TLS_CLIENT_CERT_PATH: ours.certificateFile,
    TEMPORAL_TLS_CLIENT_KEY_PATH: ours.keyFile,
  });

  test('a client and a worker get through mutual TLS, and a workflow runs', async () => {
    await runRound(await optionsFrom(withCertificate(await gate({ isMutual: true }))));
  });

  test('without the client certificate, both are told which settings are missing', async () => {
    const wanted = /^Temporal at 127.0.0.1:\d+: it wants a client certificate .* TEMPORAL_TLS_CLIENT_CERT_PATH/;
    await refused(trusted(await gate({ isMutual: true })), wanted);
  });

  test('a certificate of somebody who is not trusted, or for another name, is refused', async () => {
    const opened = await gate();
    await refused(
      { TEMPORAL_ADDRESS: opened.address, TEMPORAL_TLS: 'true', TEMPORAL_TLS_SERVER_NAME: NAME },
      /TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
    );
    await refused(
      { ...trusted(opened), TEMPORAL_TLS_SERVER_NAME: 'other.internal' },
      /for another name; set TEMPORAL_TLS_SERVER_NAME/,
    );
  });

  test('an API key arrives as a bearer token with every call, over TLS', async () => {
    const opened = await gate({ apiKey: API_KEY });
    await runRound(await optionsFrom({ ...trusted(opened), TEMPORAL_API_KEY: API_KEY }));
    assert.deepEqual([...opened.authorizations], [`Bearer ${API_KEY}`]);
  });

  test('a wrong API key, or none, is refused with a sentence', async () => {
    const opened = await gate({ apiKey: API_KEY });
    const expected = /refuses these credentials for the namespace "default"; look at TEMPORAL_API_KEY/;
    await refused({ ...trusted(opened), TEMPORAL_API_KEY: 'another' }, expected);
    await refused(trusted(opened), expected);
  });

  test('an API key alone turns TLS on, with those that the system trusts', async () => {
    const { connection } = await optionsFrom({ TEMPORAL_API_KEY: API_KEY });
    assert.equal(connection.tls, true);
    assert.equal((await optionsFrom({})).connection.tls, false);
    assert.equal((await optionsFrom({ TEMPORAL_API_KEY: API_KEY, TEMPORAL_TLS: 'false' })).connection.tls, false);
  });

  test('nobody there, another protocol, and a namespace that does not exist are told apart', async () => {
    await refused({ TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` }, /does not answer without TLS; is it there/);
    await refused({ TEMPORAL_ADDRESS: server.address, TEMPORAL_TLS: 'true' }, /does not (speak|answer with) TLS/);
    await refused({ TEMPORAL_ADDRESS: (await gate()).address }, /does not answer without TLS/);
    const namespace = await optionsFrom({ TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: 'elsewhere' });
    await assert.rejects(
      connectTemporalClient(namespace),
      /no namespace "elsewhere"; create it with "temporal operator namespace create"/,
    );
  });
});

/** Neither a client nor a worker is let in, and both say why. */
async function refused(variables: Record<string, string>, expected: RegExp): Promise<void> {
  const options = await optionsFrom(variables);
  for (const connect of [connectTemporalClient, connectTemporalWorker]) {
    await assert.rejects(connect(options), (error) => {
      assert.ok(error instanceof TemporalUnreachableError, String(error));
      assert.match(error.message, expected);
      return true;
    });
  }
}

async function optionsFrom(variables: Record<string, string>): Promise<TemporalOptions> {
  return await temporalOptions(readConfiguration(variables));
}

/** A round of scorecards, through the client and a worker. */
async function runRound(options: TemporalOptions): Promise<void> {
  const client = await connectTemporalClient(options);
  await ensureSearchAttributes(client);
  const controlStore = createInMemoryControlStore([], Date.now);
  const activities = createActivities({ controlStore, judge: () => Promise.reject(new Error('nothing to judge')) });
  const worker = await startWorker({ ...options, connection: await connectTemporalWorker(options), activities });
  try {
    const round = await client.workflow.execute<typeof scorecards>('scorecards', {
      workflowId: 'round',
      taskQueue: options.taskQueue,
    });
    assert.deepEqual([round.refreshed, round.failed], [[], []]);
  } finally {
    await worker.stop();
    await client.connection.close();
  }
}
