import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

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

  addTo(server: Server): void {
    this.#implementation.addToServer(server);
  }

  set(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const service of SERVICES) this.#implementation.setStatus(service, status);
  }
}

/** Lets tools such as grpcurl list and call the services without the proto files. */
export async function addReflection(server: Server): Promise<void> {
  const descriptors = await readFile(fileURLToPath(import.meta.resolve('@third-umpire/proto/descriptor.binpb')));
  new ReflectionService(loadFileDescriptorSetFromBuffer(descriptors)).addToServer(server);
}
