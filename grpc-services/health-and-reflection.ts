import type { Server } from '@grpc/grpc-js';
import {
  loadFileDescriptorSetFromBuffer,
  type EnumTypeDefinition,
  type MessageTypeDefinition,
  type PackageDefinition,
} from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs/minimal.js';

const SERVICES = [
  '',
  'umpire.assignment.v1.AssignmentService',
  'umpire.flags.v1.RulesetService',
  'umpire.events.v1.EventService',
  'umpire.control.v1.ControlService',
];

/** The health of the server as a whole and of each service. */
export class Health {
  readonly #implementation = new HealthImplementation();
  readonly #services: readonly string[];

  /** @param others services that not every server offers */
  constructor(others: readonly string[] = []) {
    this.#services = [...SERVICES, ...others];
  }

  addTo(server: Server): void {
    this.#implementation.addToServer(server);
  }

  set(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const service of this.#services) this.#implementation.setStatus(service, status);
  }
}

/** Lets tools such as grpcurl list and call the services without the proto files. */
export async function addReflection(server: Server): Promise<void> {
  const descriptors = await readFile(fileURLToPath(import.meta.resolve('@third-umpire/proto/descriptor.binpb')));
  const ours = withFiles(loadFileDescriptorSetFromBuffer(descriptors), filesOf(descriptors));
  new ReflectionService(ours).addToServer(server);
}

/**
 * The same package with the files as they were compiled. The loader makes files of its own, with type names that are relative to nothing,
 * which clients cannot resolve.
 */
function withFiles(definitions: PackageDefinition, fileDescriptorProtos: Buffer[]): PackageDefinition {
  const result: PackageDefinition = {};
  for (const [name, definition] of Object.entries(definitions)) {
    result[name] = isType(definition) ? { ...definition, fileDescriptorProtos } : definition;
  }
  return result;
}

/** A message or an enum; a service is a table of its methods and has no files. */
function isType(
  definition: PackageDefinition[string],
): definition is MessageTypeDefinition<object, object> | EnumTypeDefinition {
  return Array.isArray(definition.fileDescriptorProtos);
}

/** The files of a FileDescriptorSet, whose only field is `repeated FileDescriptorProto file = 1`. */
function filesOf(descriptorSet: Buffer): Buffer[] {
  const reader = protobuf.Reader.create(descriptorSet);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) files.push(Buffer.from(reader.bytes()));
    else reader.skipType(tag & 7);
  }
  return files;
}
