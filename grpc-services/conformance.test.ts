import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import {
  AssignmentServiceClient,
  ErrorCode,
  type EvaluateRequest,
  type EvaluateResponse,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { Ruleset, type AttributeValue } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileRuleset, type CompiledRuleset } from '@third-umpire/sdk';
import { readCases, type ConformanceCase, type ExpectedDecision } from '@third-umpire/sdk/cases';
import { pino } from 'pino';
import { Evaluator } from './assignment/evaluator.ts';
import { ASSIGNMENT_SERVICE, createAssignmentService } from './assignment/service.ts';

const { rulesets, cases } = readCases();
const remoteCases = cases.filter(({ local_only }) => local_only !== true);
const compiled = new Map(Object.entries(rulesets).map(([name, json]) => [name, compile(json)]));

suite('the remote service decides like the SDK', () => {
  const published = { current: compile({ version: '1' }) };
  const evaluator = new Evaluator(published, () => Date.now());
  const server = new Server();
  let client: AssignmentServiceClient;

  before(async () => {
    server.addService(ASSIGNMENT_SERVICE, assignmentService(evaluator));
    client = new AssignmentServiceClient(`127.0.0.1:${await bind(server)}`, credentials.createInsecure());
  });

  after(() => {
    client.close();
    server.forceShutdown();
  });

  for (const each of remoteCases) {
    test(each.name, async () => {
      published.current = rulesetOf(each);
      const links = Object.entries(each.options?.hashed_user_as ?? {});
      for (const [userId, deviceId] of links) evaluator.links.set(userId, deviceId);
      const response = await evaluate(client, requestOf(each));
      for (const [userId] of links) evaluator.links.set(userId, null);
      assert.deepEqual(decisionOf(response), each.expected);
    });
  }

  for (const name of compiled.keys()) {
    test(`a batch on the ruleset ${name} gives the same answers, in order`, async () => {
      const batch = remoteCases.filter(({ ruleset, options }) => ruleset === name && options === undefined);
      published.current = rulesetOf({ ruleset: name });
      const responses = await evaluateBatch(client, batch.map(requestOf));
      assert.deepEqual(
        responses.map(decisionOf),
        batch.map(({ expected }) => expected),
      );
    });
  }
});

function compile(json: unknown): CompiledRuleset {
  return compileRuleset(Ruleset.fromJSON(json));
}

function rulesetOf({ ruleset }: Pick<ConformanceCase, 'ruleset'>): CompiledRuleset {
  const found = compiled.get(ruleset);
  assert.ok(found, `there is no ruleset ${ruleset}`);
  return found;
}

function assignmentService(evaluator: Evaluator): ReturnType<typeof createAssignmentService> {
  const notAsked = (): Promise<never> => Promise.reject(new Error('these cases publish and link nothing'));
  return createAssignmentService({
    evaluator,
    controlStore: { linkIdentity: notAsked, markUsersExposed: notAsked },
    eventBus: { publish: notAsked },
    logger: pino({ level: 'silent' }),
    clock: () => 0,
    draining: new AbortController().signal,
  });
}

function bind(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function evaluate(client: AssignmentServiceClient, request: EvaluateRequest): Promise<EvaluateResponse> {
  return new Promise((resolve, reject) => {
    client.evaluate(request, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

function evaluateBatch(client: AssignmentServiceClient, requests: EvaluateRequest[]): Promise<EvaluateResponse[]> {
  return new Promise((resolve, reject) => {
    client.evaluateBatch({ requests }, (error, response) => {
      if (error === null) resolve(response.responses);
      else reject(error);
    });
  });
}

function requestOf({ flag_key, context }: ConformanceCase): EvaluateRequest {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(context)) {
    const attribute = attributeOf(value);
    if (attribute !== null) attributes[name] = attribute;
  }
  return { flagKey: flag_key, context: attributes };
}

function attributeOf(value: ConformanceCase['context'][string]): AttributeValue | null {
  if (value === null) return null;
  if (typeof value === 'string') return { kind: { $case: 'stringValue', value } };
  if (typeof value === 'number') return { kind: { $case: 'numberValue', value } };
  if (typeof value === 'boolean') return { kind: { $case: 'boolValue', value } };
  return { kind: { $case: 'stringList', value: { values: [...value] } } };
}

function decisionOf(response: EvaluateResponse): ExpectedDecision {
  const isDecided = response.errorCode === ErrorCode.ERROR_CODE_UNSPECIFIED;
  return {
    variant: isDecided ? response.variant : null,
    value: response.value ?? null,
    reason: response.reason,
    experiment_key: response.experimentKey === '' ? null : response.experimentKey,
    epoch: response.epoch,
    unit_type: response.unitType === '' ? null : response.unitType,
    unit_id: response.unitId === '' ? null : response.unitId,
    error_code: response.errorCode,
  };
}
