import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  AssignmentServiceClient,
  AssignmentServiceService,
  EvaluateStreamRequest,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { Event, EventServiceService, PublishStreamRequest } from '@third-umpire/proto/umpire/events/v1/events';
import { RulesetServiceService, WatchRequest } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { call } from './testing/call.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const STREAMS_PER_METHOD = 300;
const STREAMS_AT_ONCE = 30;
const DEADLINE_MS = 30_000;
const NESTING = 3_000;

/** grpc-js answers bytes that are no message with INTERNAL, before any handler sees them. */
const UNPARSABLE = /^Error deserializing request|index out of range|invalid wire type|illegal|premature EOF/i;

describe('malformed messages on streams', () => {
  let running: TestServer;
  let raw: Client;

  before(async () => {
    running = await startTestServer();
    raw = new Client(running.server.address, credentials.createInsecure());
  });
  after(async () => {
    raw.close();
    await running.stop();
  });

  const identity = (bytes: Buffer): Buffer => bytes;

  /** Sends messages on one stream and tells how it ended; a watch that is taken is cancelled at its first answer. */
  const send = (path: string, messages: readonly Buffer[]): Promise<{ code: status; details: string }> =>
    new Promise((resolve) => {
      const options = { deadline: Date.now() + DEADLINE_MS };
      const stream = raw.makeBidiStreamRequest<Buffer, Buffer>(path, identity, identity, new Metadata(), options);
      stream.on('error', () => undefined);
      stream.on('data', () => {
        if (path === RulesetServiceService.watch.path) stream.cancel();
      });
      stream.on('status', resolve);
      for (const message of messages) stream.write(message);
      stream.end();
    });

  const question = EvaluateStreamRequest.fromPartial({ sequence: 7, request: { flagKey: 'page' } });
  const batch = PublishStreamRequest.fromPartial({ sequence: 7, events: [Event.fromPartial({ eventId: 'no id' })] });
  const methods = [
    { path: AssignmentServiceService.evaluateStream.path, good: EvaluateStreamRequest.encode(question).finish() },
    { path: EventServiceService.publishStream.path, good: PublishStreamRequest.encode(batch).finish() },
  ];

  for (const { path, good } of methods) {
    test(`${path}: every stream ends, and by name`, { timeout: 240_000 }, async (context) => {
      const random = seededRandom(15);
      await sendAll(context, path, () => Array.from({ length: 5 }, () => damaged(random, Buffer.from(good))));
    });
  }

  test('a watch of random bytes ends, and by name', { timeout: 240_000 }, async (context) => {
    const random = seededRandom(16);
    const good = Buffer.from(
      WatchRequest.encode({ knownVersion: 1, clientName: 'c', heartbeatIntervalMs: 100 }).finish(),
    );
    await sendAll(context, RulesetServiceService.watch.path, () => [damaged(random, good)]);
  });

  test('properties nested thousands deep, and fields of megabytes, are answered by name', async () => {
    let nested: unknown = 'core';
    for (let depth = 0; depth < NESTING; depth += 1) nested = { a: nested };
    const huge = Event.fromPartial({ eventId: crypto.randomUUID(), eventType: 'x'.repeat(4_000_000) });
    const deep = { ...huge, eventType: 'contest_joined', properties: { nested } };
    for (const event of [huge, deep]) {
      let bytes: Buffer;
      try {
        bytes = Buffer.from(PublishStreamRequest.encode({ sequence: 1, events: [event] }).finish());
      } catch (error) {
        assert.ok(error instanceof RangeError, 'this process could not even encode it');
        continue;
      }
      assertNamed(EventServiceService.publishStream.path, await send(EventServiceService.publishStream.path, [bytes]));
    }
    const beyondTheLimit = Buffer.alloc(17 * 1024 * 1024);
    const { code } = await send(EventServiceService.publishStream.path, [beyondTheLimit]);
    assert.equal(code, status.RESOURCE_EXHAUSTED);
    await assertServes();
  });

  async function sendAll(
    context: { diagnostic(line: string): void },
    path: string,
    messages: () => readonly Buffer[],
  ): Promise<void> {
    const seen = new Map<status, number>();
    for (let sent = 0; sent < STREAMS_PER_METHOD; sent += STREAMS_AT_ONCE) {
      const ends = await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, () => send(path, messages())));
      for (const end of ends) {
        assertNamed(path, end);
        seen.set(end.code, (seen.get(end.code) ?? 0) + 1);
      }
    }
    context.diagnostic([...seen].map(([code, count]) => `${status[code]} ${count}`).join(', '));
    await assertServes();
  }

  async function assertServes(): Promise<void> {
    const client = new AssignmentServiceClient(running.server.address, credentials.createInsecure());
    const { errorCode } = await call(client, client.evaluate, { flagKey: 'nothing', context: {} });
    assert.equal(errorCode, 'ERROR_CODE_FLAG_NOT_FOUND');
    client.close();
  }
});

function assertNamed(path: string, { code, details }: { readonly code: status; readonly details: string }): void {
  const isNamed = code === status.OK || code === status.INVALID_ARGUMENT;
  const isEndedByWatcher = code === status.CANCELLED && path === RulesetServiceService.watch.path;
  const isUnparsable = code === status.INTERNAL && UNPARSABLE.test(details);
  assert.ok(isNamed || isEndedByWatcher || isUnparsable, `${path}: ${status[code]}: ${details}`);
}

/** Random bytes, or a good message with bytes changed, cut off or doubled. */
function damaged(random: SeededRandom, good: Buffer): Buffer {
  const kind = random.uniform();
  if (kind < 0.3) return Buffer.from(Array.from({ length: random.uniform() * 200 }, () => random.uniform() * 256));
  if (kind < 0.5) return good;
  if (kind < 0.6) return Buffer.concat([good, good.subarray(0, Math.floor(random.uniform() * good.length))]);
  if (kind < 0.7) return good.subarray(0, Math.floor(random.uniform() * good.length));
  const bytes = Buffer.from(good);
  bytes[Math.floor(random.uniform() * bytes.length)] = Math.floor(random.uniform() * 256);
  return bytes;
}
