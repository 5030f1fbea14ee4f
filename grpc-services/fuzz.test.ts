import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, credentials, Metadata, status, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';
import {
  AssignmentServiceClient,
  AssignmentServiceService,
  EvaluateRequest,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import {
  ControlServiceService,
  KillRequest,
  PutDefinitionsRequest,
} from '@third-umpire/proto/umpire/control/v1/control';
import { EventServiceService, PublishRequest } from '@third-umpire/proto/umpire/events/v1/events';
import { RulesetServiceService } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { experimentDocuments } from '../control-store/testing/documents.ts';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { call } from './testing/call.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const MESSAGES_PER_METHOD = 150;

/** What a server may answer to nonsense: a named refusal, or an answer where the nonsense happened to be a message. */
const NAMED: ReadonlySet<status> = new Set([
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
]);

/** Unparsable bytes: grpc-js answers these itself, before any handler. */
const UNPARSABLE = /^Error deserializing request|index out of range|invalid wire type|illegal|premature EOF/i;

describe('malformed messages', () => {
  let running: TestServer;
  let raw: Client;
  let assignment: AssignmentServiceClient;

  before(async () => {
    running = await startTestServer();
    await running.bench.put(experimentDocuments('checkout'));
    await running.bench.run('checkout');
    raw = new Client(running.server.address, credentials.createInsecure());
    assignment = new AssignmentServiceClient(running.server.address, credentials.createInsecure());
  });
  after(async () => {
    raw.close();
    assignment.close();
    await running.stop();
  });

  const identity = (bytes: Buffer): Buffer => bytes;
  const send = (path: string, bytes: Buffer): Promise<{ code: status; details: string }> =>
    new Promise((resolve) => {
      const options = { deadline: Date.now() + 20_000 };
      raw.makeUnaryRequest(path, identity, identity, bytes, new Metadata(), options, (error: ServiceError | null) => {
        resolve(error === null ? { code: status.OK, details: '' } : { code: error.code, details: error.details });
      });
    });

  const services: readonly ServiceDefinition[] = [
    AssignmentServiceService,
    ControlServiceService,
    EventServiceService,
    RulesetServiceService,
  ];
  const unaryPaths = services.flatMap((service) =>
    Object.values(service)
      .filter(({ requestStream, responseStream }) => !requestStream && !responseStream)
      .map(({ path }) => path),
  );

  test('thousands of them end in named answers, and the server serves on', { timeout: 300_000 }, async (context) => {
    const random = seededRandom(13);
    const seen = new Map<status, number>();
    for (const path of unaryPaths) {
      const answers = await Promise.all(
        Array.from({ length: MESSAGES_PER_METHOD }, () => send(path, nonsense(random))),
      );
      for (const { code, details } of answers) {
        seen.set(code, (seen.get(code) ?? 0) + 1);
        const isUnparsable = code === status.INTERNAL && UNPARSABLE.test(details);
        assert.ok(NAMED.has(code) || isUnparsable, `${path}: ${status[code]}: ${details}`);
        if (code !== status.OK) assert.notEqual(details, '');
      }
    }
    const count = unaryPaths.length * MESSAGES_PER_METHOD;
    context.diagnostic(`${count} messages: ${[...seen].map(([code, n]) => `${status[code]} ${n}`).join(', ')}`);
    const { reason } = await call(assignment, assignment.evaluate, {
      flagKey: 'checkout',
      context: { user: { kind: { $case: 'stringValue', value: 'u' } } },
    });
    assert.notEqual(reason, 'REASON_ERROR');
  });

  test('contexts of every shape get a decision or a named error', async () => {
    const random = seededRandom(14);
    const requests = Array.from({ length: 2_000 }, () => oddRequest(random));
    const answers = await Promise.allSettled(requests.map((request) => call(assignment, assignment.evaluate, request)));
    for (const answer of answers) {
      if (answer.status === 'rejected') assert.match(String(answer.reason), /INVALID_ARGUMENT: context\.__proto__/);
      else if (answer.value.reason === 'REASON_ERROR') assert.notEqual(answer.value.errorMessage, '');
      else assert.notEqual(answer.value.variant, '');
    }
  });
});

/** Random bytes, damaged messages, and messages with fields that nobody would send. */
function nonsense(random: SeededRandom): Buffer {
  const kind = random.uniform();
  if (kind < 0.3) return randomBytes(random, Math.floor(random.uniform() * 200));
  const text = randomBytes(random, 20).toString('latin1');
  const messages = [
    EvaluateRequest.encode(oddRequest(random)).finish(),
    KillRequest.encode({ target: { $case: 'experimentKey', value: text }, actor: { name: text, reason: '' } }).finish(),
    PutDefinitionsRequest.encode({ documentsYaml: `${text}: [`, actor: { name: 'a', reason: text } }).finish(),
    PublishRequest.encode({ events: [] }).finish(),
  ];
  const bytes = Buffer.from(messages[Math.floor(random.uniform() * messages.length)] ?? []);
  if (kind < 0.6 && bytes.length > 0)
    bytes[Math.floor(random.uniform() * bytes.length)] = Math.floor(random.uniform() * 256);
  return kind > 0.9 ? bytes.subarray(0, Math.floor(random.uniform() * bytes.length)) : bytes;
}

function oddRequest(random: SeededRandom): EvaluateRequest {
  const names = ['user', 'device', '__proto__', 'constructor', 'toString', '', 'region', 'ключ'];
  const name = names[Math.floor(random.uniform() * names.length)] ?? '';
  const values = [
    { $case: 'stringValue', value: randomBytes(random, 10).toString('utf8') },
    { $case: 'numberValue', value: [NaN, Infinity, -0, 1e308, 42][Math.floor(random.uniform() * 5)] ?? 0 },
    { $case: 'boolValue', value: true },
    { $case: 'stringList', value: { values: ['a', ''] } },
  ] as const;
  const value = values[Math.floor(random.uniform() * values.length)] ?? values[0];
  const kind = value.$case === 'stringList' ? { ...value, value: { values: ['a', ''] } } : value;
  const context = Object.create(null) as EvaluateRequest['context'];
  context[name] = { kind };
  return { flagKey: random.uniform() < 0.8 ? 'checkout' : 'other', context };
}

function randomBytes(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random.uniform() * 256)));
}
