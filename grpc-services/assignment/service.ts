import type { handleBidiStreamingCall } from '@grpc/grpc-js';
import type {
  AssignmentServiceServer,
  EvaluateBatchRequest,
  EvaluateBatchResponse,
  EvaluateStreamRequest,
  EvaluateStreamResponse,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Logger } from 'pino';
import type { ControlStore } from '../../control-store/port.ts';
import type { EventBus } from '../../event-bus/port.ts';
import { InvalidRequestError } from '../failures.ts';
import { unary, unarySync } from '../handler.ts';
import { drainingError, refuse, whenDraining } from '../stream.ts';
import type { Evaluator } from './evaluator.ts';
import { createExpose } from './expose.ts';
import { createLinkIdentity } from './link-identity.ts';

export interface AssignmentParts {
  readonly evaluator: Evaluator;
  readonly controlStore: Pick<ControlStore, 'linkIdentity' | 'markUsersExposed'>;
  readonly eventBus: Pick<EventBus, 'publish'>;
  readonly logger: Logger;
  readonly clock: () => number;
  /** Aborted when the server drains. */
  readonly draining: AbortSignal;
}

const MAX_BATCH = 1_000;

export function createAssignmentService(parts: AssignmentParts): AssignmentServiceServer {
  const { evaluator, logger, draining } = parts;
  return {
    evaluate: unarySync(logger, (request) => evaluator.evaluate(request)),
    evaluateBatch: unarySync(logger, (request) => evaluateBatch(evaluator, request)),
    evaluateStream: evaluateStream(evaluator, logger, draining),
    expose: unary(logger, createExpose(parts)),
    linkIdentity: unary(logger, createLinkIdentity(parts)),
  };
}

function evaluateBatch(evaluator: Evaluator, { requests }: EvaluateBatchRequest): EvaluateBatchResponse {
  if (requests.length > MAX_BATCH) {
    throw new InvalidRequestError('requests', `holds ${requests.length}; at most ${MAX_BATCH} are taken at once`);
  }
  return { responses: requests.map((request) => evaluator.evaluate(request)) };
}

/** Answers in order. While the caller does not read, nothing more is read from him, so memory stays bounded. */
function evaluateStream(
  evaluator: Evaluator,
  logger: Logger,
  draining: AbortSignal,
): handleBidiStreamingCall<EvaluateStreamRequest, EvaluateStreamResponse> {
  return (call) => {
    call.on('data', ({ sequence, request }: EvaluateStreamRequest) => {
      try {
        if (request === undefined) throw new InvalidRequestError('request', 'is missing');
        if (!call.write({ sequence, response: evaluator.evaluate(request) })) call.pause();
      } catch (error) {
        refuse(call, error, logger);
      }
    });
    call.on('drain', () => call.resume());
    call.on('end', () => call.end());
    call.on('error', (error) => logger.debug({ err: error }, 'a decision stream broke'));
    whenDraining(call, draining, () => refuse(call, drainingError(), logger));
  };
}
