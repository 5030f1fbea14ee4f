import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { ErrorCode, Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { testClient, until, type TestClient } from './testing/test-client.ts';
import { FLAG, KILL, testDelta, testRuleset } from './testing/test-ruleset.ts';
import { TestServer } from './testing/test-server.ts';

const CONTEXT = { user: 'u1' };

suite('rulesets over a stream', { timeout: 60_000 }, () => {
  let server: TestServer;
  let connected: TestClient | undefined;

  beforeEach(async () => {
    server = await new TestServer(testRuleset(5)).start();
  });

  afterEach(async () => {
    await connected?.client.close(0);
    connected = undefined;
    server.stop();
  });

  function connect(options: Partial<Parameters<typeof testClient>[0]> = {}): TestClient {
    return (connected = testClient({ address: server.address, ...options }));
  }

  test('before the first ruleset every decision is the default, with a reason; then it decides', async () => {
    const { client } = connect();
    assert.equal(client.evaluate(FLAG, CONTEXT).errorCode, ErrorCode.ERROR_CODE_NOT_READY);
    assert.equal(client.boolean(FLAG, CONTEXT, false), false);
    await client.ready();
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_SPLIT);
    assert.equal(client.boolean(FLAG, CONTEXT, false), true);
    assert.equal(client.statistics().rulesetVersion, 5);
    assert.deepEqual(
      server.watches.map(({ knownVersion, clientName }) => [knownVersion, clientName]),
      [[0, 'test']],
    );
  });

  test('a delta with a kill is in force as soon as it comes', async () => {
    const { client, versions } = connect();
    await client.ready();
    server.publish(testDelta(5, 6, { kills: [KILL] }), testRuleset(6, { kills: [KILL] }));
    await until(() => versions.includes(6));
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_KILLED);
    assert.equal(client.boolean(FLAG, CONTEXT, true), false);
  });

  test('a delta for another version is refused, and a snapshot asked for', async () => {
    const { client, versions, problem } = connect();
    await client.ready();
    server.publish(testDelta(7, 8), testRuleset(8));
    assert.match((await problem('ruleset-refused')).message, /for version 7, but 5 is in force/);
    await until(() => versions.includes(8));
    assert.deepEqual(
      server.watches.map(({ knownVersion }) => knownVersion),
      [0, 0],
    );
    assert.equal(client.statistics().refusedRulesets, 1);
  });

  test('a ruleset that would decide wrongly is refused, and the last good one stays', async () => {
    const { client, problem } = connect();
    await client.ready();
    server.send({ $case: 'snapshot', value: testRuleset(9, { layers: [] }) });
    assert.match((await problem('ruleset-refused')).message, /there is no layer "main"; version 5 stays in force/);
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_SPLIT);
    await until(() => client.statistics().isConnected);
    assert.equal(client.statistics().rulesetVersion, 5);
  });

  test('an older version, as from a restored backup, is refused', async () => {
    const { client, problem } = connect();
    await client.ready();
    server.send({ $case: 'snapshot', value: testRuleset(4) });
    assert.match((await problem('ruleset-refused')).message, /version 4 is older/);
    assert.equal(client.statistics().rulesetVersion, 5);
  });

  test('a heartbeat with another version makes the client ask for a snapshot', async () => {
    const { client, versions } = connect();
    await client.ready();
    server.ruleset = testRuleset(6);
    server.heartbeat();
    await until(() => versions.includes(6));
    assert.equal(server.watches.at(-1)?.knownVersion, 0);
  });

  test('cut off, it connects again after a wait with jitter, and says what it has', async () => {
    let draws = 0;
    const random = (): number => ((draws += 1), 0.5);
    const { client, problem } = connect({ random });
    await client.ready();
    server.cutOff();
    assert.match((await problem('connection-lost')).message, /connecting again in 25 ms/);
    await until(() => server.watches.length === 2);
    assert.equal(server.watches[1]?.knownVersion, 5);
    await until(() => client.statistics().isConnected);
    assert.equal(client.statistics().reconnects, 1);
    assert.ok(draws >= 1);
  });

  test('it outlives a server that goes away and comes back, and reports the outage once', async () => {
    const { client, problems, versions } = connect();
    await client.ready();
    server.stop();
    await until(() => client.statistics().reconnects >= 3);
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_SPLIT);
    server.ruleset = testRuleset(6);
    await server.start();
    await until(() => versions.includes(6));
    assert.equal(problems.filter(({ kind }) => kind === 'connection-lost').length, 1);
  });

  test('a client that is created while the server is away is ready once it is there', async () => {
    server.stop();
    const { client } = connect();
    await until(() => client.statistics().reconnects >= 2);
    await assert.rejects(client.ready(1), /no ruleset from 127\.0\.0\.1:\d+ within 1 ms/);
    await server.start();
    await client.ready();
    assert.equal(client.boolean(FLAG, CONTEXT, false), true);
  });

  test('a server that falls silent is noticed by the missing heartbeats', async () => {
    const { client, problem } = connect({ heartbeatIntervalMs: 100 });
    await client.ready();
    server.isMute = true;
    assert.match((await problem('connection-lost')).message, /silent for 300 ms/);
    server.isMute = false;
    await until(() => client.statistics().isConnected);
  });

  test('past the maximum staleness unshipped experiments serve control, until the server speaks again', async () => {
    let nowMs = 1_000_000;
    const { client, problem } = connect({ clock: () => nowMs, maxStalenessMs: 50 });
    await client.ready();
    nowMs += 51;
    assert.match((await problem('stale')).message, /for over 50 ms/);
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_STALE);
    assert.equal(client.boolean(FLAG, CONTEXT, true), false);
    server.heartbeat();
    await until(() => !client.statistics().isStale);
    assert.equal(client.evaluate(FLAG, CONTEXT).reason, Reason.REASON_SPLIT);
  });

  test('callbacks that throw stop nothing, and closing at once or twice is safe', async () => {
    const onRuleset = (): never => {
      throw new Error('a bug in the service');
    };
    const { client, problem } = connect({ onRuleset });
    await client.ready();
    assert.match((await problem('callback-failed')).message, /a bug in the service/);
    assert.equal(client.boolean(FLAG, CONTEXT, false), true);
    await Promise.all([client.close(), client.close()]);
    const early = testClient({ address: server.address });
    assert.deepEqual(await early.client.close(), { undelivered: 0 });
    await assert.rejects(early.client.link('u', 'd'));
  });

  test('a flag that is asked for as another type is told of once', async () => {
    const { client, problems } = connect();
    await client.ready();
    assert.equal(client.string(FLAG, CONTEXT, 'otherwise'), 'otherwise');
    assert.equal(client.string(FLAG, CONTEXT, 'otherwise'), 'otherwise');
    const told = problems.filter(({ kind }) => kind === 'wrong-type');
    assert.deepEqual(
      told.map(({ message }) => message),
      ['flag "upi_retry" was asked for as a string, but its value is a boolean; the caller\'s default was served'],
    );
  });
});
