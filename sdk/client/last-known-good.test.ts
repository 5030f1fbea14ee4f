import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { LastKnownGood } from './last-known-good.ts';
import { testClient, until, type TestClient } from './testing/test-client.ts';
import { FLAG, KILL, testDelta, testRuleset } from './testing/test-ruleset.ts';
import { TestServer } from './testing/test-server.ts';

const CONTEXT = { user: 'u1' };

suite('the last good ruleset on disk', { timeout: 60_000 }, () => {
  let dataDirectory: string;
  let server: TestServer;
  const clients: TestClient[] = [];

  beforeEach(async () => {
    dataDirectory = await mkdtemp(path.join(tmpdir(), 'third-umpire-sdk-'));
    server = await new TestServer(testRuleset(5)).start();
  });

  afterEach(async () => {
    for (const { client } of clients.splice(0)) await client.close(0);
    server.stop();
    await rm(dataDirectory, { recursive: true });
  });

  function connect(options: Partial<Parameters<typeof testClient>[0]> = {}): TestClient {
    const connected = testClient({ address: server.address, dataDirectory, ...options });
    clients.push(connected);
    return connected;
  }

  /** Leaves version 6, in which the experiment is killed, on disk, and the server away. */
  async function keepKilled(): Promise<void> {
    const { client, versions } = connect();
    await client.ready();
    server.publish(testDelta(5, 6, { kills: [KILL] }), testRuleset(6, { kills: [KILL] }));
    await until(() => versions.includes(6));
    await client.close();
    server.stop();
  }

  test('is used, with its kills, while the server is away', async () => {
    await keepKilled();
    const { client } = connect();
    await client.ready();
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_KILLED);
    assert.equal(client.statistics().rulesetVersion, 6);
    assert.deepEqual(await readdir(dataDirectory), ['ruleset.bin']);
  });

  test('keeps a kill against a server that was restored from an older backup', async () => {
    await keepKilled();
    server.ruleset = testRuleset(5);
    await server.start();
    const { client, problem } = connect();
    assert.match((await problem('ruleset-refused')).message, /version 5 is older/);
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_KILLED);
  });

  test('serves control for unshipped experiments when it is old, and when it claims to be from the future', async () => {
    const kept = new LastKnownGood(dataDirectory);
    server.stop();
    for (const heardAtMs of [1_000_000 - 301_000, 1_000_000 + 3_600_000]) {
      await kept.write({ ruleset: testRuleset(5), heardAtMs });
      const { client } = connect({ clock: () => 1_000_000 });
      await client.ready();
      assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_STALE);
    }
    await kept.write({ ruleset: testRuleset(5), heardAtMs: 1_000_000 - 299_000 });
    const { client } = connect({ clock: () => 1_000_000 });
    await client.ready();
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_SPLIT);
  });

  test('is not used when it is torn, damaged or something else, wherever that is', async () => {
    await keepKilled();
    const file = path.join(dataDirectory, 'ruleset.bin');
    const whole = await readFile(file);
    const kept = new LastKnownGood(dataDirectory);
    for (const length of [0, 3, 36, 43, 44, whole.length - 1]) {
      await writeFile(file, whole.subarray(0, length));
      await assert.rejects(kept.read(), { name: 'DamagedRulesetFileError' });
    }
    for (let position = 0; position < whole.length; position += 7) {
      const damaged = Buffer.from(whole);
      damaged[position] = (damaged[position] ?? 0) ^ 1;
      await writeFile(file, damaged);
      await assert.rejects(kept.read(), { name: 'DamagedRulesetFileError' });
    }
    const { client, problem } = connect();
    assert.match((await problem('stored-ruleset-unusable')).message, /is damaged and is not used/);
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_ERROR);
    await server.start();
    await client.ready();
    await client.close();
    assert.equal((await kept.read())?.ruleset.version, 6);
  });

  test('is written again now and then, so that a long quiet time does not make it old', async () => {
    let nowMs = 1_000_000;
    const { client } = connect({ clock: () => nowMs, maxStalenessMs: 1_000 });
    await client.ready();
    const kept = new LastKnownGood(dataDirectory);
    nowMs += 500;
    server.heartbeat();
    let heardAtMs: number | undefined;
    while (heardAtMs !== nowMs) heardAtMs = (await kept.read())?.heardAtMs;
    assert.equal(client.statistics().rulesetVersion, 5);
  });

  test('what a killed process left half written is removed', async () => {
    await keepKilled();
    await writeFile(path.join(dataDirectory, 'ruleset.bin.0d2f.unfinished'), 'torn');
    const { client } = connect();
    await client.ready();
    assert.deepEqual(await readdir(dataDirectory), ['ruleset.bin']);
  });

  test('a folder that cannot be written to is told of, and decisions go on', async () => {
    const file = path.join(dataDirectory, 'a-file');
    await writeFile(file, '');
    const { client, problem } = connect({ dataDirectory: path.join(file, 'below') });
    await client.ready();
    assert.match((await problem('ruleset-not-stored')).message, /could not be kept/);
    assert.equal(client.boolean(FLAG, CONTEXT, false), true);
  });
});
