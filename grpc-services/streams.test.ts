import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import {
  AssignmentServiceClient,
  EvaluateStreamRequest,
  type EvaluateStreamResponse,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { Event, EventServiceClient, type PublishStreamResponse } from '@third-umpire/proto/umpire/events/v1/events';
import { RulesetServiceClient } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { call } from './testing/call.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

/** Far longer than a refusal takes; a stream that is never ended fails here by name instead of hanging. */
const DEADLINE_MS = 15_000;

/** How a stream ended, and what it brought until then. */
function ending<Message>(stream: Readable): Promise<{ code: status; details: string; messages: Message[] }> {
  const messages: Message[] = [];
  stream.on('data', (message: Message) => messages.push(message));
  stream.on('error', () => undefined);
  return new Promise((resolve) => {
    stream.on('status', ({ code, details }: { code: status; details: string }) => resolve({ code, details, messages }));
  });
}

describe('streams', () => {
  let running: TestServer;
  let assignment: AssignmentServiceClient;
  let events: EventServiceClient;
  let rulesets: RulesetServiceClient;

  before(async () => {
    running = await startTestServer();
    const security = credentials.createInsecure();
    assignment = new AssignmentServiceClient(running.server.address, security);
    events = new EventServiceClient(running.server.address, security);
    rulesets = new RulesetServiceClient(running.server.address, security);
  });
  after(async () => {
    for (const client of [assignment, events, rulesets]) client.close();
    await running.stop();
  });

  const options = (): { deadline: number } => ({ deadline: Date.now() + DEADLINE_MS });
  const question = (sequence: number): EvaluateStreamRequest =>
    EvaluateStreamRequest.fromPartial({ sequence, request: { flagKey: 'nothing' } });
  const joined = (fields: object = {}): Event =>
    Event.fromPartial({
      eventId: crypto.randomUUID(),
      eventType: 'contest_joined',
      schemaVersion: 1,
      userId: 'u',
      timestamp: new Date(),
      serviceName: 'test',
      properties: { contest: 'final' },
      ...fields,
    });

  test('a stream of decisions ends by name at the bad request, after the answers before it', async () => {
    const stream = assignment.evaluateStream(options());
    const ended = ending<EvaluateStreamResponse>(stream);
    for (const sequence of [1, 2, 3]) stream.write(question(sequence));
    stream.write({ sequence: 4, request: undefined });
    stream.write(question(5));
    const { code, details, messages } = await ended;
    assert.equal(code, status.INVALID_ARGUMENT, details);
    assert.match(details, /^request: is missing/);
    assert.deepEqual(
      messages.map(({ sequence }) => sequence),
      [1, 2, 3],
    );
  });

  test('a stream of events ends by name at a batch that is too large; batches before it are acknowledged', async () => {
    const stream = events.publishStream(options());
    const ended = ending<PublishStreamResponse>(stream);
    stream.write({ sequence: 1, events: [joined()] });
    stream.write({ sequence: 2, events: Array.from({ length: 5_001 }, () => joined()) });
    stream.write({ sequence: 3, events: [joined()] });
    const { code, details, messages } = await ended;
    assert.equal(code, status.INVALID_ARGUMENT, details);
    assert.match(details, /^events: holds 5001/);
    assert.deepEqual(
      messages.map(({ sequence, acknowledgements }) => [sequence, acknowledgements.length]),
      [[1, 1]],
    );
  });

  test('a watcher with an impossible heartbeat is refused by name', async () => {
    const stream = rulesets.watch({ knownVersion: 0, clientName: 'hasty', heartbeatIntervalMs: 1 }, options());
    const { code, details } = await ending(stream);
    assert.equal(code, status.INVALID_ARGUMENT, details);
    assert.match(details, /^heartbeat_interval_ms: /);
  });

  test('an exposure with an id that no store keeps is a dead letter, and the rest of its batch goes through', async () => {
    for (const userId of ['half\0', 'long '.repeat(400)]) {
      const exposure = joined({
        eventType: 'exposure',
        userId,
        properties: { unit_type: 'user', unit_id: userId, flag_key: 'f', reason: 'REASON_SPLIT' },
      });
      const { acknowledgements } = await call(events, events.publish, { events: [exposure, joined()] });
      assert.deepEqual(
        acknowledgements.map((each) => each.status),
        ['ACKNOWLEDGEMENT_STATUS_DEAD_LETTERED', 'ACKNOWLEDGEMENT_STATUS_ACCEPTED'],
      );
    }
  });

  test('an id that is too long in bytes is refused by its field', async () => {
    await assert.rejects(
      call(assignment, assignment.linkIdentity, { userId: 'я'.repeat(600), deviceId: 'd' }),
      (error: ServiceError) => error.code === status.INVALID_ARGUMENT && error.details.startsWith('user_id: has 1200'),
    );
  });
});

describe('draining', () => {
  test('open streams are ended with a status that says what to do, and what was taken in is answered', async () => {
    const running = await startTestServer();
    const security = credentials.createInsecure();
    const assignment = new AssignmentServiceClient(running.server.address, security);
    const events = new EventServiceClient(running.server.address, security);
    const rulesets = new RulesetServiceClient(running.server.address, security);
    const decisions = assignment.evaluateStream();
    const decided = ending<EvaluateStreamResponse>(decisions);
    const publishing = events.publishStream();
    const published = ending<PublishStreamResponse>(publishing);
    const watching = rulesets.watch({ knownVersion: 0, clientName: 'w', heartbeatIntervalMs: 0 });
    const watched = ending(watching);
    decisions.write(EvaluateStreamRequest.fromPartial({ sequence: 1, request: { flagKey: 'nothing' } }));
    publishing.write({ sequence: 1, events: [] });
    await Promise.all([decisions, publishing, watching].map((stream) => once(stream, 'data')));
    await running.stop();
    assert.deepEqual([(await decided).code, (await decided).messages.length], [status.UNAVAILABLE, 1]);
    assert.match((await decided).details, /open the stream again/);
    assert.deepEqual([(await published).code, (await published).messages.length], [status.UNAVAILABLE, 1]);
    assert.equal((await watched).code, status.OK);
    for (const client of [assignment, events, rulesets]) client.close();
  });
});
