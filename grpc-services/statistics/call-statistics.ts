import type {
  handleServerStreamingCall,
  handleUnaryCall,
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Latency } from './latency.ts';

const MS_A_SECOND = 1_000;

/** Unary calls of one method that ended with one status code. */
export interface MeasuredCalls {
  /** Such as `umpire.assignment.v1.AssignmentService/Evaluate`. */
  readonly method: string;
  readonly code: number;
  readonly latency: Latency;
}

/** What was called since the server was started. */
export class CallStatistics {
  readonly #unary: MeasuredCalls[] = [];
  readonly #openStreams = new Map<string, number>();

  get unary(): readonly MeasuredCalls[] {
    return this.#unary;
  }

  /** How many streams of each method are open. */
  get openStreams(): ReadonlyMap<string, number> {
    return this.#openStreams;
  }

  /** The same implementation, with its calls counted. */
  measured(definition: ServiceDefinition, implementation: UntypedServiceImplementation): UntypedServiceImplementation {
    const entries = Object.entries(implementation).map(([name, handler]): [string, UntypedHandleCall] => {
      const method = definition[name];
      if (method === undefined) return [name, handler];
      const path = method.path.slice(1);
      if (method.requestStream || method.responseStream) {
        return [name, this.#measuredStream(path, handler as StreamHandler)];
      }
      return [name, this.#measuredUnary(path, handler as UnaryHandler)];
    });
    return Object.fromEntries(entries);
  }

  #measuredUnary(method: string, handler: UnaryHandler): UnaryHandler {
    const byCode = new Map<number, Latency>();
    return (call, callback) => {
      const startedAt = performance.now();
      handler(call, (error, value, trailer, flags) => {
        const code = error?.code ?? 0;
        let latency = byCode.get(code);
        if (latency === undefined) {
          latency = new Latency();
          byCode.set(code, latency);
          this.#unary.push({ method, code, latency });
        }
        latency.add((performance.now() - startedAt) / MS_A_SECOND);
        callback(error, value, trailer, flags);
      });
    };
  }

  #measuredStream(method: string, handler: StreamHandler): StreamHandler {
    this.#openStreams.set(method, 0);
    const change = (by: number): void => void this.#openStreams.set(method, (this.#openStreams.get(method) ?? 0) + by);
    return (call) => {
      let isOpen = true;
      change(1);
      const close = (): void => {
        if (isOpen) change(-1);
        isOpen = false;
      };
      // A stream that is refused emits an error and nothing else; one that the caller gives up is cancelled.
      call.on('finish', close).on('close', close).on('cancelled', close).on('error', close);
      handler(call);
    };
  }
}

type UnaryHandler = handleUnaryCall<unknown, unknown>;
/** Of what the kinds of streams have in common: their events. */
type StreamHandler = handleServerStreamingCall<unknown, unknown>;
