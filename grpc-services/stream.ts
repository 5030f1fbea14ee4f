import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { statusOf, UnavailableError } from './failures.ts';

type WritableCall<Request, Response> = ServerWritableStream<Request, Response> | ServerDuplexStream<Request, Response>;

/**
 * Ends a stream with the status of an error, after what was answered already. Not by `destroy`: grpc-js then sends no status at all, and
 * the caller waits until his deadline.
 */
export function refuse<Request, Response>(call: WritableCall<Request, Response>, error: unknown, logger: Logger): void {
  // The rest of what the caller sent is read, so that the connection does not fill up, and dropped.
  call.removeAllListeners('data');
  if ('resume' in call) call.resume();
  call.emit('error', Object.assign(new Error('the stream was refused'), statusOf(error, logger)));
}

/** Calls back once when the server drains, unless the stream is over by then. */
export function whenDraining(
  call: { on(event: 'cancelled' | 'close' | 'finish', listener: () => void): unknown },
  draining: AbortSignal,
  end: () => void,
): void {
  if (draining.aborted) {
    end();
    return;
  }
  draining.addEventListener('abort', end, { once: true });
  const forget = (): void => draining.removeEventListener('abort', end);
  call.on('cancelled', forget);
  call.on('finish', forget);
  call.on('close', forget);
}

/** What a caller hears whose open stream of requests ends because the server stops: gRPC clients know that it is worth another try. */
export function drainingError(): UnavailableError {
  return new UnavailableError('this server is stopping; open the stream again and send what was not answered');
}
