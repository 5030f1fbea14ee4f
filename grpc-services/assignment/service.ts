import type { handleBidiStreamingCall, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  AssignmentServiceService,
  type EvaluateBatchRequest,
  type EvaluateRequest,
  type EvaluateStreamRequest,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Logger } from 'pino';
import type { ControlStore } from '../../control-store/port.ts';
import type { EventBus } from '../../event-bus/port.ts';
import { InvalidRequestError } from '../failures.ts';
import { unary, unarySync } from '../handler.ts';
import { drainingError, refuse, whenDraining } from '../stream.ts';
import type { Decision } from './decision.ts';
import { encodeDecision, encodeDecisions, encodeStreamed } from './encoded-decision.ts';
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

interface StreamedDecision {
  readonly sequence: number;
  readonly decision: Decision;
}

/** The generated service, except that decisions are encoded from parts that are encoded already. */
export const ASSIGNMENT_SERVICE: ServiceDefinition = {
  ...AssignmentServiceService,
  evaluate: { ...AssignmentServiceService.evaluate, responseSerialize: encodeDecision },
  evaluateBatch: { ...AssignmentServiceService.evaluateBatch, responseSerialize: encodeDecisions },
  evaluateStream: { ...AssignmentServiceService.evaluateStream, responseSerialize: encodeStreamed },
};

export function createAssignmentService(parts: AssignmentParts): UntypedServiceImplementation {
  const { evaluator, logger, draining } = parts;
  return {
    evaluate: unarySync(logger, (request: EvaluateRequest) => evaluator.decide(request)),
    evaluateBatch: unarySync(logger, (request: EvaluateBatchRequest) => decideBatch(evaluator, request)),
    evaluateStream: evaluateStream(evaluator, logger, draining),
    expose: unary(logger, createExpose(parts)),
    linkIdentity: unary(logger, createLinkIdentity(parts)),
  };
}

function decideBatch(evaluator: Evaluator, { requests }: EvaluateBatchRequest): readonly Decision[] {
  if (requests.length > MAX_BATCH) {
    throw new InvalidRequestError('requests', `holds ${requests.length}; at most ${MAX_BATCH} are taken at once`);
  }
  return requests.map((request) => evaluator.decide(request));
}

/** Answers in order. While the caller does not read, nothing more is read from him, so memory stays bounded. */
function evaluateStream(
  evaluator: Evaluator,
  logger: Logger,
  draining: AbortSignal,
): handleBidiStreamingCall<EvaluateStreamRequest, StreamedDecision> {
  return (call) => {
    call.on('data', ({ sequence, request }: EvaluateStreamRequest) => {
      try {
        if (request === undefined) throw new InvalidRequestError('request', 'is missing');
        if (!call.write({ sequence, decision: evaluator.decide(request) })) call.pause();
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
