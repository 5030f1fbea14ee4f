import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Connection } from '@temporalio/client';
import { openControl } from '../examples/fantasy-league/control.ts';
import { startPlatform, type Platform } from '../main/up.ts';
import { forkModule } from '../parts/child-process.ts';
import { allEnded, eventually, isAlive } from './support/processes.ts';

const TIMEOUT_MS = 180_000;

const METRIC = `
kind: metric
key: joins
owner: contests
type: count
event: contest_joined
window: 1d
goodDirection: increase
`;

describe('the processes of the platform', { timeout: TIMEOUT_MS }, () => {
  let dataDirectory: string;

  beforeEach(async () => {
    dataDirectory = await mkdtemp(path.join(tmpdir(), 'umpire-processes-'));
    await chmod(dataDirectory, 0o755);
  });
  afterEach(async () => {
    await rm(dataDirectory, { recursive: true, force: true });
  });

  test('what is killed is started again where it was, and nothing is left when the platform stops', async () => {
    const said: string[] = [];
    const platform = await startPlatform({ dataDirectory, onProgress: (message) => said.push(message) });
    const control = openControl(platform.grpcAddress, Date.now);
    const before = idsOf(platform);
    assert.equal(await control.putDefinitions(METRIC), 1);
    for (const [name, processId] of before) {
      process.kill(processId, 'SIGKILL');
      await eventually(() => restarted(platform, name, processId));
    }
    // All of it is what it was: the definition is there, on the same addresses.
    assert.equal(await eventually(() => control.putDefinitions(METRIC)), 1);
    const temporal = await eventually(() => Connection.connect({ address: platform.temporalAddress }));
    await temporal.close();
    control.close();
    const after = idsOf(platform);
    assert.deepEqual([...after.keys()], ['postgres', 'temporal', 'serve', 'work']);
    for (const name of ['PostgreSQL', 'Temporal', 'serve', 'work']) {
      assert.ok(
        said.some((message) => message.startsWith(`${name} ended`)),
        `nothing was said of ${name}: ${said.join('; ')}`,
      );
    }
    await platform.stop();
    await allEnded([...before.values(), ...after.values()]);
  });

  test('nothing outlives an owner that is killed', async () => {
    const owner = forkModule(import.meta.url, './support/platform-owner', [dataDirectory], { stdio: 'inherit' });
    const [processes]: unknown[] = await once(owner, 'message');
    const processIds = (processes as Platform['processes'] extends () => infer P ? P : never).map(
      ({ processId }) => processId,
    );
    assert.equal(processIds.filter(isAlive).length, 4);
    owner.kill('SIGKILL');
    await allEnded(processIds);
  });
});

function idsOf(platform: Platform): Map<string, number> {
  return new Map(platform.processes().map(({ name, processId }) => [name, processId]));
}

function restarted(platform: Platform, name: string, formerId: number): Promise<void> {
  const processId = idsOf(platform).get(name);
  if (processId === formerId || processId === undefined || !isAlive(processId)) {
    return Promise.reject(new Error(`${name} is not there yet`));
  }
  return Promise.resolve();
}
