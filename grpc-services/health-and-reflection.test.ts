import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client, credentials, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import descriptor from 'protobufjs/ext/descriptor.js';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const requireFrom = createRequire(import.meta.url);
const SERVICES = [
  'umpire.assignment.v1.AssignmentService',
  'umpire.control.v1.ControlService',
  'umpire.events.v1.EventService',
  'umpire.flags.v1.RulesetService',
];

/** A published protocol, from the package that brings it. */
function protocolOf(packageName: string, file: string, service: string): ServiceDefinition {
  const folder = path.dirname(requireFrom.resolve(`${packageName}/package.json`));
  const definition = loadSync(path.join(folder, file), { oneofs: true })[service];
  assert.ok(definition !== undefined && !('format' in definition), `${service} is not in ${file}`);
  return definition;
}

const health = protocolOf('grpc-health-check', 'proto/health/v1/health.proto', 'grpc.health.v1.Health');
const reflection = protocolOf(
  '@grpc/reflection',
  'build/proto/grpc/reflection/v1/reflection.proto',
  'grpc.reflection.v1.ServerReflection',
);

interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
}

describe('health and reflection, as standard tools ask for them', () => {
  let running: TestServer;
  let client: Client;

  before(async () => {
    running = await startTestServer();
    client = new Client(running.server.address, credentials.createInsecure());
  });
  after(async () => {
    client.close();
    await running.stop();
  });

  const statusOf = (service: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const method = health['Check'];
      assert.ok(method !== undefined);
      client.makeUnaryRequest<object, { readonly status: string | number }>(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        { service },
        (error: ServiceError | null, answer) => {
          if (error === null) resolve(String(answer?.status));
          else reject(error);
        },
      );
    });

  test('the server and each service are serving', async () => {
    for (const service of ['', ...SERVICES]) assert.equal(await statusOf(service), '1', `${service}: not SERVING`);
    await assert.rejects(statusOf('umpire.nothing.v1.NothingService'), /NOT_FOUND/);
  });

  const ask = async (question: object): Promise<ReflectionAnswer> => {
    const method = reflection['ServerReflectionInfo'];
    assert.ok(method !== undefined);
    const stream = client.makeBidiStreamRequest<object, ReflectionAnswer>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    stream.write(question);
    const [answer] = (await once(stream, 'data')) as [ReflectionAnswer];
    stream.end();
    return answer;
  };

  test('a tool without the proto files lists every service and learns its methods', async () => {
    const { listServicesResponse } = await ask({ listServices: '' });
    const names = listServicesResponse?.service.map(({ name }) => name) ?? [];
    for (const service of SERVICES) assert.ok(names.includes(service), `${service} is not among ${names.join(', ')}`);
    for (const service of SERVICES) {
      const { fileDescriptorResponse } = await ask({ fileContainingSymbol: service });
      const files = (fileDescriptorResponse?.fileDescriptorProto ?? []).map(fileOf);
      const [, packageName, name] = /^(.*)\.(\w+)$/.exec(service) ?? [];
      assert.ok(files.some((file) => file.package === packageName && file.service?.some((each) => each.name === name)));
      assertResolvable(files);
    }
  });
});

function fileOf(bytes: Buffer): descriptor.IFileDescriptorProto {
  return descriptor.FileDescriptorProto.toObject(descriptor.FileDescriptorProto.decode(bytes));
}

/** Tools such as grpcurl take no type name that is relative, and none that no file defines. */
function assertResolvable(files: readonly descriptor.IFileDescriptorProto[]): void {
  const defined = new Set<string>();
  const used: string[] = [];
  const visit = (scope: string, message: descriptor.IDescriptorProto): void => {
    const name = `${scope}.${message.name}`;
    defined.add(name);
    for (const { typeName } of message.field ?? []) if (typeName) used.push(typeName);
    for (const nested of message.nestedType ?? []) visit(name, nested);
    for (const nested of message.enumType ?? []) defined.add(`${name}.${nested.name}`);
  };
  for (const file of files) {
    const scope = `.${file.package}`;
    for (const message of file.messageType ?? []) visit(scope, message);
    for (const each of file.enumType ?? []) defined.add(`${scope}.${each.name}`);
    for (const { method } of file.service ?? []) {
      for (const { inputType, outputType } of method ?? []) used.push(String(inputType), String(outputType));
    }
  }
  assert.ok(used.length > 0);
  assert.deepEqual(
    used.filter((name) => !defined.has(name)),
    [],
  );
}
