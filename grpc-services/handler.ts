import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { statusOf } from './failures.ts';

/** Makes a unary handler of a plain function from request to response. */
export function unary<Request, Response>(
  logger: Logger,
  handle: (request: Request) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusOf(error, logger)),
    );
  };
}

/** The same for a function that answers at once. */
export function unarySync<Request, Response>(
  logger: Logger,
  handle: (request: Request) => Response,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    let response: Response;
    try {
      response = handle(call.request);
    } catch (error) {
      callback(statusOf(error, logger));
      return;
    }
    callback(null, response);
  };
}
