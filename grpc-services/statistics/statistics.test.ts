import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import { AssignmentServiceClient } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { RulesetServiceClient } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { call } from '../testing/call.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';
import { Latency } from './latency.ts';

const EVALUATE = 'umpire.assignment.v1.AssignmentService/Evaluate';
const WATCH = 'umpire.flags.v1.RulesetService/Watch';

test('a duration is counted in the first range that reaches it', () => {
  const latency = new Latency();
  const [first = 0] = Latency.BOUNDS_SECONDS;
  const last = Latency.BOUNDS_SECONDS.at(-1) ?? 0;
  for (const seconds of [0, first, first * 1.01, last, last * 2]) latency.add(seconds);
  const { counts } = latency;
  assert.deepEqual([counts[0], counts[1], counts.at(-2), counts.at(-1)], [2, 1, 1, 1]);
  assert.equal(counts.length, Latency.BOUNDS_SECONDS.length + 1);
  assert.ok(Math.abs(latency.sumSeconds - (first * 2.01 + last * 3)) < 1e-12);
});

describe('what the services count', () => {
  let platform: TestServer;
  before(async () => (platform = await startTestServer()));
  after(() => platform.stop());

  test('decisions by reason, and calls by method and status', async () => {
    const client = new AssignmentServiceClient(platform.server.address, credentials.createInsecure());
    const request = { flagKey: 'none', context: {} };
    await call(client, client.evaluate, request);
    await call(client, client.evaluateBatch, { requests: [request, request] });
    await assert.rejects(call(client, client.evaluate, { flagKey: '', context: {} }), /flag_key/);
    client.close();
    const { decisions, unary } = platform.server.statistics();
    assert.equal(decisions.get('REASON_ERROR'), 3);
    assert.equal(decisions.get('REASON_SPLIT'), 0);
    const evaluations = unary.filter(({ method }) => method === EVALUATE);
    assert.deepEqual(
      evaluations.map(({ code, latency }) => [code, latency.counts.reduce((sum, count) => sum + count, 0)]),
      [
        [0, 1],
        [3, 1],
      ],
    );
  });

  test('streams while they are open, however they end', async () => {
    const open = (): number | undefined => platform.server.statistics().openStreams.get(WATCH);
    const client = new RulesetServiceClient(platform.server.address, credentials.createInsecure());
    const watch = client.watch({ knownVersion: 0, clientName: 'test', heartbeatIntervalMs: 1_000 });
    watch.on('error', () => undefined);
    await once(watch, 'data');
    assert.equal(open(), 1);
    watch.cancel();
    while (open() !== 0) await new Promise((resolve) => setImmediate(resolve));
    const refused = client.watch({ knownVersion: 0, clientName: 'test', heartbeatIntervalMs: 1 });
    const [error] = (await once(refused, 'error')) as [Error];
    assert.match(error.message, /heartbeat_interval_ms/);
    assert.equal(open(), 0);
    client.close();
  });

  test('the ruleset in force', () => {
    const { ruleset } = platform.server.statistics();
    assert.equal(ruleset.version, 1);
    assert.equal(ruleset.experiments, 0);
    assert.ok(ruleset.publishedAtMs !== null && ruleset.publishedAtMs > 1.7e12);
    assert.equal(ruleset.refusal, null);
  });
});
