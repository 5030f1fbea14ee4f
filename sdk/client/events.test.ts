import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { LinkOutcome } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { testClient, until, type TestClient } from './testing/test-client.ts';
import { FLAG, testRuleset } from './testing/test-ruleset.ts';
import { TestServer } from './testing/test-server.ts';

suite('events on their way to the server', { timeout: 60_000 }, () => {
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

  async function connect(options: Partial<Parameters<typeof testClient>[0]> = {}): Promise<TestClient> {
    connected = testClient({ address: server.address, ...options });
    await connected.client.ready();
    return connected;
  }

  function publishMany({ client }: TestClient, count: number): boolean[] {
    return Array.from({ length: count }, (_, number) => client.publish({ type: `event_${number}`, userId: 'u1' }));
  }

  function typesOnServer(): string[] {
    return server.events.map(({ eventType }) => eventType);
  }

  test('go in batches, in order', async () => {
    const each = await connect({ maxBatchSize: 100, flushEveryMs: 60_000 });
    publishMany(each, 350);
    await each.client.flush();
    assert.deepEqual(
      typesOnServer(),
      Array.from({ length: 350 }, (_, number) => `event_${number}`),
    );
    assert.deepEqual(
      server.batches.map(({ length }) => length),
      [100, 100, 100, 50],
    );
    assert.equal(each.client.statistics().events.delivered, 350);
  });

  test('go by themselves after a while', async () => {
    const each = await connect({ flushEveryMs: 1 });
    publishMany(each, 1);
    await until(() => server.events.length === 1);
    publishMany(each, 1);
    await until(() => server.events.length === 2);
  });

  test('outlive an outage without a loss and without changing their order', async () => {
    let refusals = 3;
    server.refuse = () => ((refusals -= 1) >= 0 ? { code: status.UNAVAILABLE, details: 'not now' } : null);
    const each = await connect({ maxBatchSize: 10 });
    publishMany(each, 25);
    await each.problem('events-delayed');
    server.stop();
    publishMany(each, 5);
    await server.start();
    await each.client.flush();
    const firstTypes = [...new Set(typesOnServer())];
    assert.equal(firstTypes.length, 25);
    assert.equal(each.client.statistics().events.delivered, 30);
    assert.equal(each.client.statistics().events.buffered, 0);
  });

  test('are dropped when too many wait: the new ones, counted, and told of once', async () => {
    server.refuse = () => ({ code: status.UNAVAILABLE, details: 'not now' });
    const each = await connect({ maxBufferedEvents: 10, maxBatchSize: 4 });
    assert.deepEqual(publishMany(each, 14), [...Array(10).fill(true), ...Array(4).fill(false)]);
    const { accepted, dropped, buffered } = each.client.statistics().events;
    assert.deepEqual({ accepted, dropped, buffered }, { accepted: 10, dropped: 4, buffered: 10 });
    assert.equal(each.problems.filter(({ kind }) => kind === 'events-dropped').length, 1);
    server.refuse = () => null;
    await each.client.flush();
    assert.deepEqual(
      typesOnServer(),
      Array.from({ length: 10 }, (_, number) => `event_${number}`),
    );
    assert.equal(each.client.publish({ type: 'after' }), true);
  });

  test('one that the server refuses does not take its neighbours with it', async () => {
    server.refuse = (events) =>
      events.some(({ eventType }) => eventType === 'event_17')
        ? { code: status.INVALID_ARGUMENT, details: 'poison' }
        : null;
    const each = await connect({ flushEveryMs: 60_000 });
    publishMany(each, 40);
    await each.client.flush();
    assert.equal(new Set(typesOnServer()).size, 39);
    const { delivered, rejected, buffered } = each.client.statistics().events;
    assert.deepEqual({ delivered, rejected, buffered }, { delivered: 39, rejected: 1, buffered: 0 });
    assert.match((await each.problem('events-rejected')).message, /of type "event_17": poison/);
  });

  test('a busy server loses nothing', async () => {
    let refusals = 6;
    server.refuse = () => ((refusals -= 1) >= 0 ? { code: status.RESOURCE_EXHAUSTED, details: 'busy' } : null);
    const each = await connect({ flushEveryMs: 60_000 });
    publishMany(each, 8);
    await each.client.flush();
    assert.deepEqual(
      typesOnServer(),
      Array.from({ length: 8 }, (_, number) => `event_${number}`),
    );
  });

  test('one that cannot be encoded is refused at once, and told of', async () => {
    const each = await connect({ flushEveryMs: 60_000 });
    const cyclic: Record<string, unknown> = {};
    cyclic['itself'] = cyclic;
    const hostile = [cyclic, { big: 10n }, { text: 'x'.repeat(2 * 1024 * 1024) }];
    for (const properties of hostile) assert.equal(each.client.publish({ type: 'hostile', properties }), false);
    assert.equal(each.client.publish({ type: 'hostile', timestampMs: NaN }), false);
    publishMany(each, 3);
    await each.client.flush();
    const { delivered, rejected } = each.client.statistics().events;
    assert.deepEqual({ delivered, rejected }, { delivered: 3, rejected: 4 });
  });

  test('what the caller does to his object afterwards changes nothing', async () => {
    const each = await connect({ flushEveryMs: 60_000 });
    const properties: Record<string, unknown> = { amount: 1 };
    each.client.publish({ type: 'deposit', properties });
    properties['amount'] = 2;
    await each.client.flush();
    assert.deepEqual(server.events[0]?.properties, { amount: 1 });
  });

  test('closing delivers what waits, and takes nothing more', async () => {
    const each = await connect({ flushEveryMs: 60_000 });
    publishMany(each, 7);
    assert.deepEqual(await each.client.close(), { undelivered: 0 });
    assert.equal(server.events.length, 7);
    assert.equal(each.client.publish({ type: 'late' }), false);
    assert.match((await each.problem('events-dropped')).message, /closed/);
  });

  test('closing while the server is away says how many are lost', async () => {
    const each = await connect({ flushEveryMs: 60_000 });
    server.stop();
    publishMany(each, 7);
    assert.deepEqual(await each.client.close(50), { undelivered: 7 });
  });

  test('an exposure is logged once a day, with what the analysis needs', async () => {
    let nowMs = Date.UTC(2026, 2, 1, 12);
    const each = await connect({ flushEveryMs: 60_000, clock: () => nowMs });
    const context = { user: 'u1', device: 'd1', region: 'KA' };
    for (let i = 0; i < 3; i += 1) assert.equal(each.client.expose(FLAG, context).variant, 'treatment');
    each.client.evaluate(FLAG, { user: 'u2' });
    nowMs += 24 * 3_600_000;
    each.client.expose(FLAG, context);
    await each.client.flush();
    assert.equal(server.events.length, 2);
    const [event] = server.events;
    assert.equal(event?.eventType, 'exposure');
    assert.deepEqual(
      [event.userId, event.anonymousId, event.experimentKey, event.epoch, event.variant],
      ['u1', 'd1', FLAG, 1, 'treatment'],
    );
    assert.deepEqual(event.properties, {
      flag_key: FLAG,
      reason: 'REASON_SPLIT',
      unit_type: 'user',
      unit_id: 'u1',
      ruleset_version: 5,
      segments: { region: 'KA' },
    });
    assert.notEqual(event.decisionId, '');
  });

  test('a user who is linked is hashed by his device from then on', async () => {
    const each = await connect({ flushEveryMs: 60_000 });
    assert.equal(await each.client.link('u1', 'd1'), LinkOutcome.LINK_OUTCOME_LINKED);
    each.client.expose(FLAG, { user: 'u1' });
    await each.client.flush();
    assert.equal(server.events[0]?.properties?.['unit_id'], 'd1');
    server.stop();
    await assert.rejects(each.client.link('u2', 'd2'));
  });
});
