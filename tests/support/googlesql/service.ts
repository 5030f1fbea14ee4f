import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, status, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { freePort } from '../../../parts/free-port.ts';
import { startTethered } from '../../../parts/tethered-process.ts';

const SERVICE = 'zetasql.local_service.ZetaSqlLocalService';
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** A statement that Google's analyzer or evaluator refuses. */
export class GoogleSqlError extends Error {
  readonly sql: string;
  constructor(message: string, sql: string) {
    super(`GoogleSQL: ${message}\n${sql}`);
    this.name = 'GoogleSqlError';
    this.sql = sql;
  }
}

/** Google's analyzer and reference evaluator as a process of its own. */
export interface GoogleSqlService {
  /** Calls a method of `local_service.proto` by name; field names are in camel case. */
  call(method: string, request: object): Promise<object>;
  stop(): Promise<void>;
}

/** Starts the binary that the package brings (87 MB); once per test file. */
export async function startGoogleSqlService(): Promise<GoogleSqlService> {
  const library = path.dirname(createRequire(import.meta.url).resolve('@fivetrandevelopers/zetasql'));
  const port = await freePort();
  const server = await startTethered(executableIn(library), ['localhost', String(port)]);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  });
  const methods = methodsIn(library);
  const call = (method: string, request: object): Promise<object> => unary(client, methods, method, request);
  const stop = async (): Promise<void> => {
    client.close();
    await server.stop();
  };
  try {
    await untilReady(call, () => server.hasEnded());
  } catch (error) {
    await stop();
    throw error;
  }
  return { call, stop };
}

function executableIn(library: string): string {
  const architecture = process.arch.startsWith('arm') ? '_arm' : '';
  return path.join(library, 'zetasql', `remote_server${architecture}${process.platform === 'darwin' ? '' : '.so'}`);
}

function methodsIn(library: string): ServiceDefinition {
  const definition = loadSync('local_service.proto', {
    includeDirs: [path.join(library, 'zetasql', 'protos')],
    longs: String,
    enums: String,
    oneofs: true,
    arrays: true,
  });
  const service = definition[SERVICE];
  if (service === undefined || 'format' in service) throw new Error(`${library} has no service ${SERVICE}`);
  return service;
}

function unary(client: Client, methods: ServiceDefinition, name: string, request: object): Promise<object> {
  const method = methods[name];
  if (method === undefined) throw new RangeError(`${SERVICE} has no method ${name}`);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<object, object>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      (error, response) => {
        if (error !== null) reject(error);
        else resolve(response ?? {});
      },
    );
  });
}

async function untilReady(call: GoogleSqlService['call'], hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await call('FormatSql', { sql: 'SELECT 1' });
      return;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (hasEnded()) throw new Error('the GoogleSQL server ended while it was starting', { cause: error });
      if (Date.now() > deadline)
        throw new Error('the GoogleSQL server did not answer within a minute', { cause: error });
      await delay(POLL_MS);
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return isServiceError(error) && error.code === status.UNAVAILABLE;
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}
