import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import {
  AssignmentServiceClient,
  type EvaluateRequest,
  type EvaluateStreamResponse,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { ControlServiceClient, type Actor } from '@third-umpire/proto/umpire/control/v1/control';
import { Event, EventServiceClient, type PublishStreamResponse } from '@third-umpire/proto/umpire/events/v1/events';
import { RulesetServiceClient } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { ConflictError } from '../control-store/port.ts';
import { experimentDocuments } from '../control-store/testing/documents.ts';
import { call } from './testing/call.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const actor: Actor = { name: 'asha', reason: 'a test' };
const YAML = `
kind: flag
key: page
owner: web
type: string
variants:
  - { key: control, value: old }
  - { key: fresh, value: new }
`;

function isRefused(code: status, pattern: RegExp): (error: ServiceError) => boolean {
  return (error) => {
    assert.equal(error.code, code, error.details);
    assert.match(error.details, pattern);
    return true;
  };
}

describe('gRPC services', () => {
  let running: TestServer;
  let control: ControlServiceClient;
  let assignment: AssignmentServiceClient;
  let events: EventServiceClient;
  let rulesets: RulesetServiceClient;

  before(async () => {
    running = await startTestServer();
    const { address } = running.server;
    const security = credentials.createInsecure();
    control = new ControlServiceClient(address, security);
    assignment = new AssignmentServiceClient(address, security);
    events = new EventServiceClient(address, security);
    rulesets = new RulesetServiceClient(address, security);
    await running.bench.put(experimentDocuments('checkout'));
    await running.bench.run('checkout');
    await running.bench.move('checkout', { to: 'enrolled', stage: 2, basisPoints: 5_000 });
  });
  after(async () => {
    for (const client of [control, assignment, events, rulesets]) client.close();
    await running.stop();
  });

  const request = (user: string): EvaluateRequest => ({
    flagKey: 'checkout',
    context: { user: { kind: { $case: 'stringValue', value: user } } },
  });

  test('one decision, many at once and a stream answer alike, in order', async () => {
    const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
    const batch = await call(assignment, assignment.evaluateBatch, { requests: users.map(request) });
    assert.ok(new Set(batch.responses.map(({ variant }) => variant)).size === 2);
    const stream = assignment.evaluateStream();
    const streamed: EvaluateStreamResponse[] = [];
    stream.on('data', (answer: EvaluateStreamResponse) => streamed.push(answer));
    users.forEach((user, index) => stream.write({ sequence: index, request: request(user) }));
    stream.end();
    await once(stream, 'end');
    assert.deepEqual(
      streamed.map(({ sequence, response }) => [sequence, response]),
      batch.responses.map((response, index) => [index, response]),
    );
    for (const [index, user] of users.slice(0, 20).entries()) {
      assert.deepEqual(await call(assignment, assignment.evaluate, request(user)), batch.responses[index]);
    }
  });

  test('an exposure is durable when it is answered, and logged once a day', async () => {
    const enrolled = Array.from({ length: 50 }, (_, index) => `exposed-${index}`);
    for (const user of enrolled) {
      const { response, decisionId } = await call(assignment, assignment.expose, { request: request(user) });
      if (response?.reason !== 'REASON_SPLIT') continue;
      assert.notEqual(decisionId, '');
      const again = await call(assignment, assignment.expose, { request: request(user) });
      assert.equal(again.decisionId, '');
      const ends = await running.eventBus.endOffsets();
      assert.ok([...ends.values()].some((end) => end > 0n));
      // A user who was exposed as himself keeps his own arm.
      const link = await call(assignment, assignment.linkIdentity, { userId: user, deviceId: `device of ${user}` });
      assert.equal(link.outcome, 'LINK_OUTCOME_USER_ALREADY_EXPOSED');
      return;
    }
    assert.fail('nobody is enrolled');
  });

  test('a linked user is decided like his device', async () => {
    const onDevice = (device: string): EvaluateRequest => ({
      flagKey: 'checkout',
      context: { device: { kind: { $case: 'stringValue', value: device } } },
    });
    const devices = Array.from({ length: 40 }, (_, index) => `phone-${index}`);
    const { responses } = await call(assignment, assignment.evaluateBatch, { requests: devices.map(onDevice) });
    for (const variant of ['control', 'treatment']) {
      const device = responses.find((response) => response.variant === variant && response.reason === 'REASON_SPLIT');
      assert.ok(device !== undefined);
      const userId = `user with ${variant}`;
      const link = await call(assignment, assignment.linkIdentity, { userId, deviceId: device.unitId });
      assert.equal(link.outcome, 'LINK_OUTCOME_LINKED');
      assert.deepEqual(await call(assignment, assignment.evaluate, request(userId)), device);
      const another = await running.another();
      const elsewhere = new AssignmentServiceClient(another.address, credentials.createInsecure());
      const there = await call(elsewhere, elsewhere.evaluate, request(userId));
      elsewhere.close();
      assert.deepEqual(there, device, 'a server that is started later decides alike');
    }
  });

  test('events are acknowledged one by one; what does not fit is kept with the reason', async () => {
    const event = (fields: object): Event =>
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
    const sent = [event({}), event({ properties: {} }), event({ timestamp: undefined }), event({})];
    const { acknowledgements } = await call(events, events.publish, { events: sent });
    assert.deepEqual(
      acknowledgements.map(({ status: outcome }) => outcome.replace('ACKNOWLEDGEMENT_STATUS_', '')),
      ['ACCEPTED', 'DEAD_LETTERED', 'DEAD_LETTERED', 'ACCEPTED'],
    );
    assert.match(acknowledgements[1]?.reason ?? '', /contest/);
    const stream = events.publishStream();
    const answers: PublishStreamResponse[] = [];
    stream.on('data', (answer: PublishStreamResponse) => answers.push(answer));
    for (let sequence = 1; sequence <= 20; sequence += 1) stream.write({ sequence, events: [event({})] });
    stream.end();
    await once(stream, 'end');
    assert.deepEqual(
      answers.map(({ sequence }) => sequence),
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  test('verbs go to the workflow, and every change says who and why', async () => {
    await call(control, control.startExperiment, { experimentKey: 'checkout', actor });
    await call(control, control.pauseExperiment, { experimentKey: 'checkout', actor });
    await call(control, control.rampExperiment, { experimentKey: 'checkout', stage: 2, actor });
    const { experiment } = await call(control, control.shipExperiment, {
      experimentKey: 'checkout',
      variant: 'treatment',
      actor,
    });
    assert.equal(experiment?.stageCount, 2);
    assert.deepEqual(running.asked, ['start checkout', 'pause checkout', 'ramp checkout 2', 'ship checkout treatment']);
    await assert.rejects(
      call(control, control.pauseExperiment, { experimentKey: 'checkout', actor: undefined }),
      isRefused(status.INVALID_ARGUMENT, /^actor: is missing/),
    );
    await assert.rejects(
      call(control, control.pauseExperiment, { experimentKey: 'checkout', actor: { name: 'asha', reason: ' ' } }),
      isRefused(status.INVALID_ARGUMENT, /^actor\.reason: /),
    );
    await assert.rejects(
      call(control, control.startExperiment, { experimentKey: 'nothing', actor }),
      isRefused(status.NOT_FOUND, /nothing/),
    );
  });

  test('definitions are checked, stored and read', async () => {
    const bad = await call(control, control.validateDefinitions, { documentsYaml: 'kind: flag\nkey: UPPER' });
    assert.ok(bad.problems.length > 0);
    assert.deepEqual((await call(control, control.validateDefinitions, { documentsYaml: YAML })).problems, []);
    const { definitions } = await call(control, control.putDefinitions, { documentsYaml: YAML, actor });
    assert.equal(definitions[0]?.version, 1);
    const read = await call(control, control.getDefinition, { kind: 'DEFINITION_KIND_FLAG', key: 'page', version: 0 });
    assert.match(read.definition?.documentJson ?? '', /"page"/);
    await assert.rejects(
      call(control, control.putDefinitions, { documentsYaml: 'kind: flag\nkey: UPPER', actor }),
      isRefused(status.INVALID_ARGUMENT, /UPPER/),
    );
    await assert.rejects(
      call(control, control.getScorecard, { experimentKey: 'checkout' }),
      isRefused(status.NOT_FOUND, /no scorecard yet/),
    );
  });

  test('many watchers hear of a kill, also one that was cut off; the kill needs no workflow', async () => {
    const watchers = Array.from({ length: 50 }, (_, index) =>
      rulesets.watch({ knownVersion: 0, clientName: `watcher-${index}`, heartbeatIntervalMs: 1_000 }),
    );
    const heard = watchers.map(
      (stream) =>
        new Promise<void>((resolve) => {
          stream.on('error', () => undefined);
          stream.on(
            'data',
            ({
              update,
            }: {
              update?: { $case: string; value: { kills?: unknown[]; upserts?: { kills: unknown[] } } };
            }) => {
              const kills = update?.value.kills ?? update?.value.upserts?.kills ?? [];
              if (kills.length > 0) resolve();
            },
          );
        }),
    );
    await Promise.all(watchers.map((stream) => once(stream, 'metadata')));
    watchers[7]?.cancel();
    running.workflowsFailWith(new ConflictError('Temporal is away'));
    const target = { $case: 'experimentKey', value: 'checkout' } as const;
    const killed = await call(control, control.kill, { target, actor });
    await Promise.all(heard.filter((_, index) => index !== 7));
    const late = rulesets.watch({ knownVersion: 0, clientName: 'late', heartbeatIntervalMs: 0 });
    late.on('error', () => undefined);
    const [first] = (await once(late, 'data')) as [{ update?: { $case: string; value: { version: number } } }];
    assert.equal(first.update?.$case, 'snapshot');
    assert.equal(first.update.value.version, killed.rulesetVersion);
    const decisions = await call(assignment, assignment.evaluateBatch, {
      requests: Array.from({ length: 100 }, (_, index) => request(`user-${index}`)),
    });
    assert.ok(decisions.responses.every(({ variant }) => variant === 'control'));
    assert.ok(decisions.responses.some(({ reason }) => reason === 'REASON_KILLED'));
    for (const stream of [...watchers, late]) stream.cancel();
  });
});
