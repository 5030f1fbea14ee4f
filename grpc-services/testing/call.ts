import { Metadata, type CallOptions, type ServiceError } from '@grpc/grpc-js';

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

const DEADLINE_MS = 20_000;

/** Calls a method of a generated client, with a deadline, and resolves with its answer. */
export function call<Request, Response>(
  client: object,
  method: Unary<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + DEADLINE_MS };
    method.call(client, request, new Metadata(), options, (error: ServiceError | null, response: Response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
