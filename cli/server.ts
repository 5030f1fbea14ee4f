import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { ControlServiceService, type DefinitionKind } from '@third-umpire/proto/umpire/control/v1/control';
import { didYouMean } from '../definitions/suggestion.ts';
import { CommandFailure } from './failures.ts';

/** A unary method as the generated service definitions describe it. */
export interface UnaryMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => Response;
}

/** The platform's services, as commands use them. */
export interface Server {
  readonly address: string;
  /** @throws CommandFailure in words for the person at the terminal */
  call<Request, Response>(method: UnaryMethod<Request, Response>, request: Request): Promise<Response>;
  /** Does `work`, and where it finds that there is no such document, names the one that was most likely meant. */
  aboutKey<Result>(kind: DefinitionKind, key: string, work: () => Promise<Result>): Promise<Result>;
  close(): void;
}

// Longer than the 30 s that the platform itself waits for a workflow, so that its own sentence arrives.
const DEADLINE_MS = 40_000;
const NEVER_REACHED = new Set<number>([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);

/** Nothing is connected to before the first call. */
export function connectServer(address: string, clock: () => number): Server {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
  });
  const call: Server['call'] = (method, request) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        new Metadata(),
        { deadline: clock() + DEADLINE_MS },
        (error, response) => {
          if (error !== null) reject(inWords(error, address));
          else if (response === undefined) reject(new Error(`${method.path} was answered with nothing`));
          else resolve(response);
        },
      );
    });
  return {
    address,
    call,
    aboutKey: async (kind, key, work) => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof CommandFailure) || error.code !== 'NOT_FOUND') throw error;
        const { definitions } = await call(ControlServiceService.listDefinitions, { kind });
        const others = definitions.map((definition) => definition.key).filter((other) => other !== key);
        throw new CommandFailure(error.code, `${error.message}${didYouMean(key, others)}`, { cause: error });
      }
    },
    close: () => client.close(),
  };
}

function inWords(error: ServiceError, address: string): CommandFailure {
  const code = status[error.code] ?? String(error.code);
  if (!NEVER_REACHED.has(error.code) || !isConnectionFailure(error)) {
    return new CommandFailure(code, error.details, { cause: error });
  }
  const why = error.code === status.UNAVAILABLE ? 'nothing listens there' : `no answer in ${DEADLINE_MS / 1_000} s`;
  return new CommandFailure(
    code,
    `the platform does not answer on ${address}: ${why}.\n` +
      'Start it with "umpire up", or name another address with --server host:port (or UMPIRE_SERVER).',
    { cause: error },
  );
}

/** The platform itself also answers UNAVAILABLE, in a sentence, when something that it needs is away. */
function isConnectionFailure({ code, details }: ServiceError): boolean {
  return code === status.DEADLINE_EXCEEDED || /No connection established|ECONNREFUSED|resolution/.test(details);
}
